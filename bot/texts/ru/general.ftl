# Команды, как их показывает меню

command-start = Познакомиться
command-help = Что я умею
command-my = Ваши файлы
command-get = Вернуть файл: /get 17
command-delete = Удалить файл: /delete 17
command-attach = Ответом на файл: прикрепить к заявке
command-request = Для сотрудников: файлы заявки
command-invite = Для сотрудников: ссылка-приглашение
command-language = Выбрать язык

# Приветствие и справка

start =
    Здравствуйте, { $name }! Я храню фото, видео и другие файлы и в любой момент верну их вам.

    Просто пришлите файл или сразу несколько. Если в подписи есть номер заявки, например <code>#250926-001</code>, файл попадёт в эту заявку.

    /my – ваши файлы
    /help – всё, что я умею
help =
    Пришлите фото, видео, голосовое сообщение или любой файл, можно и альбомом. Я отвечу один раз и сообщу, когда всё сохранено.

    <b>К какой заявке?</b> Напишите номер в подписи: <code>#250926-001</code>, а для сегодняшней просто <code>#001</code>. Забыли? Ответьте на файл номером. Слова до или после файла станут его описанием.

    /my – ваши файлы
    /find протечка – поиск по ним
    /get 17, /delete 17, /link 17 – вернуть файл, удалить, поделиться
    /attach 250926-001 – всё, что пришлёте дальше, до /done
    /privacy – что я храню и как это удалить
    /lang – выбрать язык
help-staff =
    <b>Для сотрудников</b>
    Пришлите фото и нажмите <b>{ button-before }</b> или <b>{ button-after }</b>: печатать не нужно. В группе: ответьте на фото /attach 250926-001.

    /waiting – что ждёт заявки
    /request 250926-001 – что есть по заявке
    /attach, /report, /move 250926-002, /detach – ответом: к заявке, как выполненную работу, в другую, убрать
    /find протечка, /get 17 – поиск по всем файлам, получить файл
    /history 17 – что с ним делали
    /invite – ссылка-приглашение
help-admin =
    <b>Для администраторов</b>
    /status – как идут дела
    /channels, /staff, /keys – куда складываются файлы, кто здесь работает, какие сервисы
    /block – закрыть кому-то доступ
    /setup – начать настройку заново
send-me-a-file = Пришлите фото, видео или любой другой файл, и я его сохраню. Подробнее: /help
unknown-command = Такой команды я не знаю. Что я умею: /help
choose-language = На каком языке будем говорить?
language-chosen = Хорошо, говорим по-русски.
choose-group-language = На каком языке говорить в этой группе?
group-language-chosen = Хорошо, в этой группе говорим по-русски.

# Кому можно пользоваться ботом

not-admitted-invite = Здравствуйте! Этот бот – для сотрудников и клиентов нашей компании. Попросите доступ у вашего менеджера.
not-admitted-contact = Здравствуйте! Поделитесь, пожалуйста, номером телефона с помощью кнопки ниже, и начнём.
button-share-contact = 📱 Поделиться номером
contact-welcome = Спасибо, { $name }! Теперь просто пришлите файл. Подробнее: /help
invited-welcome = Добро пожаловать, { $name }! Теперь просто пришлите файл. Подробнее: /help
invite-link = { $days ->
    [one] Передайте эту ссылку тем, кому можно мной пользоваться. Она действует { $days } день. { $link }
    [few] Передайте эту ссылку тем, кому можно мной пользоваться. Она действует { $days } дня. { $link }
    [many] Передайте эту ссылку тем, кому можно мной пользоваться. Она действует { $days } дней. { $link }
   *[other] Передайте эту ссылку тем, кому можно мной пользоваться. Она действует { $days } дня. { $link }
}
contact-not-yours = Это чужой контакт. Пожалуйста, поделитесь своим с помощью кнопки ниже.

# Карточка: один ответ на файл или альбом

card-title = { $icon } <b>{ $name }</b>
card-album = { $count ->
    [one] <b>Альбом: { $count } файл</b>
    [few] <b>Альбом: { $count } файла</b>
    [many] <b>Альбом: { $count } файлов</b>
   *[other] <b>Альбом: { $count } файла</b>
}
card-facts = { $kind }, { $size }
card-facts-no-size = { $kind }
card-id = ID <code>{ $id }</code>
card-requests = { $count ->
    [one] заявка { $numbers }
   *[other] заявки { $numbers }
}
card-received = Получено, сохраняю…
card-waiting = Получено и не потеряется. Жду Telegram, это может занять время.
card-stored = Сохранено
card-deleting = Удалено. Это ещё можно отменить.
card-deleted = Удалено
card-duplicate = Этот файл вы уже присылали { $date }, он у меня сохранён.
card-only-here = Для веб-страницы файл слишком велик, но я верну его здесь: /get { $id }
card-refused = Не сохранено: { $reason }
card-more = { $count ->
    [one] …и ещё { $count } файл
    [few] …и ещё { $count } файла
    [many] …и ещё { $count } файлов
   *[other] …и ещё { $count } файла
}

kind-photo = фото
kind-video = видео
kind-audio = аудио
kind-voice = голосовое сообщение
kind-animation = анимация
kind-video_note = видеосообщение
kind-sticker = стикер
kind-document = файл

size-bytes = { $size } Б
size-kilobytes = { $size } КБ
size-megabytes = { $size } МБ
size-gigabytes = { $size } ГБ

# Кнопки

button-delete = 🗑 Удалить
button-delete-one = 🗑 Удалить { $id }
button-undo = ↩️ Отменить
button-undo-one = ↩️ Вернуть { $id }
button-get = 📎 { $id }
button-previous = ‹ Назад
button-next = Ещё ›

# Списки

my-title = { $count ->
    [one] <b>Ваши файлы: { $count }</b>
   *[other] <b>Ваши файлы: { $count }</b>
}
my-empty = Вы ещё не присылали файлов. Пришлите первый!
list-line = <code>{ $id }</code> { $icon } { $name } – { $facts }
list-page = Страница { $page } из { $pages }

category-request_photo = фото заявки
category-request_video = видео заявки
category-request_document = документы заявки
category-report_photo = фото отчёта
category-report_video = видео отчёта
category-report_document = документы отчёта
category-completion_photo = фото выполнения
category-completion_video = видео выполнения
category-completion_document = документы о выполнении
category-process_video = видео процесса
category-avatar = аватары
category-access_plate = номера машин
category-access_overview = обзор въезда
category-other = прочее

# Вернуть файл

get-usage = Напишите номер файла: <code>/get 17</code>. Его можно найти в /my.
get-not-yet = Файл { $id } у меня, но ещё не в Telegram. Попробуйте, пожалуйста, через минуту.
get-parts = Файл { $id } не помещается в одно сообщение: он хранится в { $count ->
    [one] { $count } части
   *[other] { $count } частях
}. Его может скачать через веб тот сервис, который его прислал.
get-parts-link = Файл { $id } хранится в { $count ->
    [one] { $count } части
   *[other] { $count } частях
}. Скачать его через веб: { $url }
get-lost = Сейчас файл { $id } в Telegram недоступен. Попробуйте, пожалуйста, позже.
get-caption = { $name } · ID { $id }
get-caption-request = { $name } · ID { $id } · { $numbers }

# Удаление

delete-usage = Напишите номер файла: <code>/delete 17</code>. Его можно найти в /my.
delete-done = { $seconds ->
    [one] Файл { $id } удалён. Отменить можно в течение { $seconds } секунды.
   *[other] Файл { $id } удалён. Отменить можно в течение { $seconds } секунд.
}
delete-popup = Удалено. Пока это ещё можно отменить.
restore-done = Файл { $id } восстановлен.
restore-popup = Восстановлено.

# Заявки

attach-no-media = Там нет файла, который я знаю. Ответьте на сам файл или на мой ответ к нему.
attach-done = { $count ->
    [one] К заявке { $number } прикреплён { $count } файл.
    [few] К заявке { $number } прикреплено { $count } файла.
    [many] К заявке { $number } прикреплено { $count } файлов.
   *[other] К заявке { $number } прикреплено { $count } файла.
}
attach-already = Это уже прикреплено к заявке { $number }.

# Что может пойти не так

error-other = Что-то пошло не так. Попробуйте, пожалуйста, ещё раз.
error-incident = Что-то сломалось на моей стороне, извините. Это записано; если обратитесь за помощью, назовите номер: <code>{ $incident }</code>
error-input = С этим я не могу работать. Проверьте и попробуйте ещё раз.
error-too-large = файл слишком большой
error-too-large-limit = файл больше { $limit }
error-type = файлы такого типа я не храню
error-contradiction = содержимое файла не соответствует его типу
error-empty = файл пустой
error-number = <code>{ $value }</code> – это не номер заявки. Он выглядит так: 250926-001.
error-refused = Это вам недоступно.
error-staff-only = Это могут только сотрудники.
error-not-found = Ничего не нашлось.
error-media-not-found = Такого файла у меня нет.
error-deleted = Этот файл удалён.
error-request-not-found = Такой заявки нет.
error-conflict = Сейчас это невозможно.
error-only-telegram = Этот файл можно получить только здесь, в Telegram.
error-busy = Сейчас я занят. Попробуйте, пожалуйста, чуть позже.
error-no-channel = Мне пока негде хранить файлы. Сообщите, пожалуйста, администратору.
error-source = Сейчас файл в Telegram недоступен. Попробуйте, пожалуйста, позже.
error-telegram = Telegram сейчас не отвечает как надо. Попробуйте, пожалуйста, позже.
error-damaged = файл в Telegram повреждён
