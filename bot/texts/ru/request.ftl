# Заявка в чате

command-history = Для сотрудников: что делали с файлом или заявкой
request-usage = Напишите номер заявки: <code>/request 250926-001</code>.
request-title = { $count ->
    [one] <b>Заявка { $number }</b>: { $count } файл
    [few] <b>Заявка { $number }</b>: { $count } файла
    [many] <b>Заявка { $number }</b>: { $count } файлов
   *[other] <b>Заявка { $number }</b>: { $count } файла
}
request-category = { $category }: { $count }
request-nothing = По заявке { $number } я ничего не нахожу. Проверьте номер или прикрепите к ней что-нибудь.
request-origin = От: { $who } · { $when }
request-when = { $when }
request-only-telegram = 📦 Только в Telegram, для страницы слишком большие: { $ids }. Получить: /get { $first }
request-damaged = ⚠️ Повреждены в Telegram: { $ids }. Попросите отправителя файла { $first } прислать его ещё раз.
request-shipping = ⏳ Ещё на пути в Telegram: { $ids }. Загляните за файлом { $first } через минуту.
request-album = Заявка { $number } · { $span }
request-sent-already = Эти файлы уже здесь, чуть выше или ниже.
request-album-later = Telegram просит паузу. Попробуйте снова через { $seconds ->
    [one] { $seconds } секунду
    [few] { $seconds } секунды
    [many] { $seconds } секунд
   *[other] { $seconds } секунды
}.
request-album-failed = Сейчас Telegram их не показывает. Они есть на странице и в списке.
request-page-local = Страницы, которая открывалась бы не только на сервере, пока нет: администратору нужно задать PUBLIC_URL. До тех пор смотрите фото и список.
request-timeline = <b>Что происходило: { $number }</b>
request-timeline-empty = Пока ничего.

request-button-pictures = 🖼 { $span }
request-button-papers = 📄 { $span }
request-button-list = 🗂 Список
request-button-timeline = 🕓 Что было
request-button-page = 🌐 Всё на одной странице
request-button-back = ‹ Заявка

# Что делали

history-title = <b>Файл { $id }</b> · { $name }
history-usage = Напишите номер файла или заявки: <code>/history 17</code>, <code>/history 250926-001</code>. Или ответьте на файл командой /history.
event-line = { $when } · <b>{ $who }</b>: { $what } { $about }
event-line-plain = { $when } · <b>{ $who }</b>: { $what }
event-taken_in = получено
event-attached = прикреплено
event-detached = откреплено
event-updated = изменено
event-deleted = удалено
event-restored = восстановлено
event-expired = удалено по истечении срока
event-anonymised = данные отправителя удалены
event-refused = не принято
event-archiving = переносится в архив
event-archived = перенесено в архив
event-sent = отправлено в чат
event-link_created = создана ссылка
event-link_revoked = ссылка отозвана
event-link_used = скачано по ссылке
event-invited = приглашение загрузить файлы
event-invitation_revoked = приглашение отозвано
event-not_needed = отмечено как ненужное
event-needed_again = всё-таки нужно
event-request_opened = заявка открыта
event-event_redelivered = повторно отправлено уведомление
event-other = { $action }
field-filename = имя
field-description = описание
field-category = вид
field-tags = метки
field-external_id = внешний номер
field-expires_at = срок
who-system = Mediagate
who-link = кто-то по ссылке
who-invitation = кто-то по приглашению
who-somebody = кто-то
