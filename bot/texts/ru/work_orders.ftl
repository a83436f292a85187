# Заявки, какими их знает сервис заявок компании.

error-unknown-request = заявки { $value } нет. Проверьте, пожалуйста, номер
error-request-closed = заявка { $value } закрыта, новые файлы к ней не добавляются
error-request-service = сервис заявок сейчас не отвечает. Ничего не изменилось; попробуйте через минуту или выберите номер

button-attach-anyway = Всё равно прикрепить
override-too-late = Это было слишком давно. Прикрепите, пожалуйста, заново
card-number-refused = ⚠️ Сохранено без заявки: { $reason }. Сотрудники разберутся.
wrong-number =
    ⚠️ Заявки <b>{ $number }</b> нет. { $count ->
        [one] Пока сервис заявок не отвечал, к ней прикрепили { $count } файл.
        [few] Пока сервис заявок не отвечал, к ней прикрепили { $count } файла.
        [many] Пока сервис заявок не отвечал, к ней прикрепили { $count } файлов.
       *[other] Пока сервис заявок не отвечал, к ней прикрепили { $count } файла.
    }
wrong-senders = От: { $names }
wrong-ask = к какой заявке относятся файлы { $number }? Ответьте правильным номером.
wrong-detached = Заявка { $number }, которой нет: { $name } открепил(а) файлы.
wrong-moved = Заявка { $number }, которой нет: { $name } перенёс(ла) файлы в <b>{ $to }</b>.
wrong-exists = Заявка { $number } всё-таки есть. Всё остаётся как было.
wrong-empty = К { $number } больше ничего не прикреплено.
button-wrong-move = № К другой заявке
button-wrong-detach = ✖️ Открепить
order-button = { $number } · { $title }
order-button-mine = 👷 { $number }
order-button-mine-titled = 👷 { $number } · { $title }
order-title = <b>{ $title }</b>
order-named = { $number } · { $title }
order-state-open = 🟢 открыта
order-state-new = 🟢 новая
order-state-in_progress = 🛠 в работе
order-state-waiting = ⏸ ожидает
order-state-closed = 🔒 закрыта
order-state-done = 🔒 выполнена
order-state-cancelled = 🔒 отменена
order-open = 🟢 { $state }
order-closed = 🔒 { $state }, закрыта
order-address = 📍 { $address }
order-assigned = 👷 { $names }
order-no-files = Файлов пока нет.
order-unverified = ⏳ Сервис заявок ещё не подтвердил этот номер.
event-request_renamed = заявка получила другой номер
event-request_merged = заявка вошла в другую
request-now = { $former } – теперь { $number }.
