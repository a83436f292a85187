# Команды для администраторов, как их показывает меню

command-status = Для администраторов: как дела
command-channels = Для администраторов: где хранятся файлы
command-staff = Для администраторов: кто сотрудник
command-keys = Для администраторов: ключи сервисов
command-block = Для администраторов: кому я не отвечаю
command-setup = Для администраторов: настройка по шагам

# Ссылки, по которым впускают людей

invite-uses = { $count ->
    [one] По ней может войти { $count } человек. Нужно другое число? Напишите, например, <code>/invite 5</code>.
    [few] По ней могут войти { $count } человека. Нужно другое число? Напишите, например, <code>/invite 5</code>.
    [many] По ней могут войти { $count } человек. Нужно другое число? Напишите, например, <code>/invite 5</code>.
   *[other] По ней могут войти { $count } человека. Нужно другое число? Напишите, например, <code>/invite 5</code>.
}
invite-over = Срок этой ссылки истёк, или ею уже воспользовались. Попросите, пожалуйста, новую.
invite-over-known = Срок этой ссылки истёк, или ею уже воспользовались. Она вам и не нужна: мы уже знакомы. Что я умею: /help
arrived-admin = Добро пожаловать, { $name }! Теперь вы администратор этого бота.
arrived-staff = Добро пожаловать, { $name }! Теперь вы сотрудник. Что можно делать: /help

# Настройка

setup-title = <b>Настройка</b>
setup-done = <b>Всё настроено.</b> Дальше пригодятся: /channels, /staff, /keys, /status
setup-step-archive = канал, где хранятся все файлы
setup-step-backup = канал для резервных копий
setup-step-staff_group = группа сотрудников: кто в ней, тот сотрудник
setup-step-passphrase = фраза восстановления
setup-later = Нажмите кнопку внизу; там же можно создать новый канал или группу. Продолжить можно в любое время: /setup
setup-passphrase = Осталась фраза восстановления: она откроет резервные копии, если этот сервер пропадёт. Я покажу её один раз и не сохраню, поэтому приготовьте ручку и бумагу.
key-archive = 📦 Выбрать канал для файлов
key-backup = 💾 Выбрать канал для копий
key-staff-group = 👥 Выбрать группу сотрудников
key-any-channel = 📦 Выбрать канал
key-people = 👤 Выбрать людей
button-passphrase = 🔑 Показать фразу
secret-coming = Секунду…
passphrase = { $seconds ->
    [one] Ваша фраза восстановления. Запишите её сейчас: это сообщение исчезнет через { $seconds } секунду.

    <code>{ $passphrase }</code>
    [few] Ваша фраза восстановления. Запишите её сейчас: это сообщение исчезнет через { $seconds } секунды.

    <code>{ $passphrase }</code>
    [many] Ваша фраза восстановления. Запишите её сейчас: это сообщение исчезнет через { $seconds } секунд.

    <code>{ $passphrase }</code>
   *[other] Ваша фраза восстановления. Запишите её сейчас: это сообщение исчезнет через { $seconds } секунды.

    <code>{ $passphrase }</code>
}
passphrase-made = Фраза уже есть, а показывается она только один раз. Если она потеряна, запустите на сервере: mediagate setup --new-passphrase
staff-group-bound = Группа сотрудников: <b>{ $title }</b>. Кто в ней состоит, тот сотрудник, пока не выйдет.
staff-group-fixed = Группу <b>{ $title }</b> я запомнил, но в настройке MEDIAGATE_STAFF_CHAT указана другая, и действует она.
staff-group-not-in = Меня нет в этой группе. Добавьте меня, пожалуйста, и выберите её ещё раз.
staff-group-no-admin = В группе <b>{ $title }</b> я не администратор и, возможно, вижу не всех участников. Сделайте меня администратором, никаких особых прав не нужно.

# Каналы

purpose-requests = 📦 Заявки
purpose-reports = 📝 Отчёты
purpose-archive = 🗄 Архив
purpose-backup = 💾 Резервные копии
purpose-access = 🚗 Проезд
channels-title = { $count ->
    [one] <b>{ $count } канал</b>
    [few] <b>{ $count } канала</b>
    [many] <b>{ $count } каналов</b>
   *[other] <b>{ $count } канала</b>
}
channels-none = Мне пока негде хранить файлы. Создайте закрытый канал и сделайте меня его администратором; кнопка ниже делает и то и другое.
channel-line = { $sign } <b>{ $title }</b> – { $purposes }
channel-no-purpose = новое сюда не попадает
channel-parts = { $count ->
    [one] { $count } сообщение с файлом
    [few] { $count } сообщения с файлами
    [many] { $count } сообщений с файлами
   *[other] { $count } сообщения с файлами
}
channel-members = { $count ->
    [one] { $count } участник
    [few] { $count } участника
    [many] { $count } участников
   *[other] { $count } участника
}
channel-checked = Проверен { $at }
channel-offer = Я стал администратором канала <b>{ $title }</b>. Что мне там хранить?
channel-chosen = Спасибо, вижу его.
channel-add = Выберите канал или создайте новый кнопкой внизу. Я получу только те права, которые нужны.
channel-bound = С этого момента <b>{ $title }</b> используется: { $purpose }. Что сохранено в других местах, там и остаётся и находится как прежде.
channel-same = <b>{ $title }</b> уже используется: { $purpose }.
channel-fixed = { $purpose }: канал указан в настройке MEDIAGATE_CHANNELS. Поменяйте его, пожалуйста, там.
channel-unfit = Канал <b>{ $title }</b> пока не подходит:
channel-problem-gone = Меня там больше нет. Сделайте меня снова администратором с правами публиковать, изменять и удалять сообщения.
channel-problem-not_a_channel = Это не канал. Выберите, пожалуйста, канал.
channel-problem-no_admin = Я не администратор. Сделайте меня администратором с правами публиковать, изменять и удалять сообщения.
channel-problem-no_post = Мне нельзя публиковать. Канал → Администраторы → я → Публикация сообщений.
channel-problem-no_edit = Мне нельзя изменять сообщения. Канал → Администраторы → я → Изменение чужих сообщений.
channel-problem-no_delete = Мне нельзя удалять сообщения. Канал → Администраторы → я → Удаление чужих сообщений.
channel-problem-public = Канал публичный: его может читать кто угодно. Канал → Изменить → Тип канала → Частный.
channel-problem-linked = К каналу привязана группа для обсуждений, она видит каждый файл. Канал → Изменить → Обсуждение → Отвязать группу.
channel-problem-protected = Копирование запрещено, и я не смогу ничего оттуда достать. Канал → Изменить → Тип канала → разрешить копирование.
channel-unbound = Новое сюда больше не попадает. Что сохранено, остаётся.
channel-not-unbound = Ничего не изменилось: канал указан в настройке MEDIAGATE_CHANNELS или ни для чего не используется.
channel-unknown = Этого канала я уже не знаю.
channel-ignored = Хорошо, в <b>{ $title }</b> ничего не храню. Если передумаете: /channels
button-add-channel = ➕ Добавить канал
button-unbind = ⏏️ Новое сюда не класть
button-back = ‹ Назад
button-no-purpose = Ничего
button-check-again = 🔄 Проверить ещё раз
button-all-channels = Все каналы

# Сотрудники

role-user = пользователь
role-staff = сотрудник
role-admin = администратор
staff-title = { $count ->
    [one] <b>{ $count } человек с ролью</b>
    [few] <b>{ $count } человека с ролью</b>
    [many] <b>{ $count } человек с ролью</b>
   *[other] <b>{ $count } человека с ролью</b>
}
staff-line = <b>{ $name }</b> – { $role } · <code>{ $id }</code>
staff-line-fixed = <b>{ $name }</b> – { $role } (по настройкам) · <code>{ $id }</code>
staff-line-blocked = 🚫 <b>{ $name }</b> – { $role } · <code>{ $id }</code>
staff-how = Как добавить: выберите человека кнопкой ниже, пришлите мне его контакт, ответьте на его сообщение командой /staff или дайте ссылку. Чтобы сменить роль, нажмите на имя.
staff-choose = Выберите кнопкой внизу до десяти человек, они станут сотрудниками.
staff-who = Не вижу, чьё это сообщение. Выберите человека через /staff в нашем личном чате.
staff-no-telegram = Этого контакта нет в Telegram, впускать некого. Поможет ссылка: /staff
staff-link = { $days ->
    [one] Кто первым откроет эту ссылку, станет сотрудником. Она действует { $days } день. { $link }
    [few] Кто первым откроет эту ссылку, станет сотрудником. Она действует { $days } дня. { $link }
    [many] Кто первым откроет эту ссылку, станет сотрудником. Она действует { $days } дней. { $link }
   *[other] Кто первым откроет эту ссылку, станет сотрудником. Она действует { $days } дня. { $link }
}
only-private = Напишите мне это, пожалуйста, в личном чате.
list-more = { $count ->
    [one] …и ещё { $count }
    [few] …и ещё { $count }
    [many] …и ещё { $count }
   *[other] …и ещё { $count }
}
person-unknown = Я не знаю этого человека: он мне ни разу не писал.
person-named = <b>{ $name }</b>:
person-is-admin = <b>{ $name }</b> уже администратор.
person-now-staff = <b>{ $name }</b> теперь сотрудник.
person-now-user = <b>{ $name }</b> больше не сотрудник.
role-change-done = Готово.
role-change-same = так и было.
role-change-fixed = роль указана в настройках и меняется там.
role-change-last_admin = это единственный администратор. Сначала назначьте другого.
role-change-unknown = Я не знаю этого человека: он мне ни разу не писал.
button-make-admin = ⭐ Сделать администратором
button-make-staff = 👷 Сделать сотрудником
button-make-user = ✖️ Снять роль
button-choose-people = 👤 Выбрать людей
button-staff-link = 🔗 Ссылка для сотрудника
button-links = Открытые ссылки
button-all-staff = Все сотрудники
links-title = <b>Открытые ссылки</b>
links-none = Открытых ссылок нет.
links-line = { $left ->
    [one] <code>{ $id }</code> – { $role }, ещё для { $left } человека, до { $until }
    [few] <code>{ $id }</code> – { $role }, ещё для { $left } человек, до { $until }
    [many] <code>{ $id }</code> – { $role }, ещё для { $left } человек, до { $until }
   *[other] <code>{ $id }</code> – { $role }, ещё для { $left } человек, до { $until }
}
link-ended = Ссылка закрыта.
link-unknown = Такой ссылки нет.
button-end-link = ✖️ Закрыть { $id }

# Блокировка

block-how = Чтобы заблокировать, ответьте человеку командой /block или напишите <code>/block @name</code> или <code>/block 12345</code>. Обратно: /unblock
block-admin = <b>{ $name }</b> – администратор, его нельзя заблокировать.
blocked-none = Никто не заблокирован.
blocked-title = { $count ->
    [one] <b>Заблокирован { $count } человек</b>
    [few] <b>Заблокированы { $count } человека</b>
    [many] <b>Заблокированы { $count } человек</b>
   *[other] <b>Заблокированы { $count } человека</b>
}
person-blocked = <b>{ $name }</b>: заблокировано. Я не отвечаю и ничего не сохраняю.
person-unblocked = <b>{ $name }</b>: разблокировано.
button-block = 🚫 Заблокировать
button-unblock = Разблокировать
button-unblock-name = Разблокировать: { $name }

# Ключи сервисов

keys-title = { $count ->
    [one] <b>Действует { $count } ключ</b>
    [few] <b>Действуют { $count } ключа</b>
    [many] <b>Действуют { $count } ключей</b>
   *[other] <b>Действуют { $count } ключа</b>
}
keys-none = Ключей пока ни у кого нет.
keys-line = <code>{ $id }</code> <b>{ $name }</b> { $prefix }… – { $scopes }
keys-forever = бессрочно
keys-until = до { $at }
keys-unused = не использовался
keys-used = использован { $at }
keys-how = Новый ключ: напишите /keys и имя сервиса, например <code>/keys crm</code>
keys-name = Имя сервиса – до 64 латинских букв, цифр, точек, дефисов и подчёркиваний, например <code>/keys crm</code>
keys-draft = <b>Ключ для { $name }</b>
    Разрешено: { $scopes }
    Срок: { $expiry }
keys-no-scopes = пока ничего
keys-needs-scope = Отметьте хотя бы одно, что ключу разрешено.
keys-draft-gone = Это уже завершено или отменено. Начните снова: /keys
keys-dropped = Хорошо, ключ не создан.
keys-made = Ключ для <b>{ $name }</b> создан. Все ключи: /keys
keys-secret = { $seconds ->
    [one] Ключ для <b>{ $name }</b>. Скопируйте его сейчас: это сообщение исчезнет через { $seconds } секунду.

    <code>{ $secret }</code>
    [few] Ключ для <b>{ $name }</b>. Скопируйте его сейчас: это сообщение исчезнет через { $seconds } секунды.

    <code>{ $secret }</code>
    [many] Ключ для <b>{ $name }</b>. Скопируйте его сейчас: это сообщение исчезнет через { $seconds } секунд.

    <code>{ $secret }</code>
   *[other] Ключ для <b>{ $name }</b>. Скопируйте его сейчас: это сообщение исчезнет через { $seconds } секунды.

    <code>{ $secret }</code>
}
keys-sure = Точно отозвать ключ { $id } сервиса <b>{ $name }</b> ({ $prefix }…)? Всё, что им пользуется, перестанет работать в течение полуминуты.
keys-revoked = Ключ отозван.
keys-unknown = Такого ключа нет.
expiry-never = бессрочно
expiry-days = { $days ->
    [one] { $days } день
    [few] { $days } дня
    [many] { $days } дней
   *[other] { $days } дня
}
button-expiry = ⏳ Срок: { $expiry }
button-make-key = 🔑 Создать ключ
button-drop = Отменить
button-revoke-key = ✖️ { $id } { $name }
button-revoke-sure = ✖️ Да, отозвать

# Как дела

status-title = <b>Состояние</b>, { $at }
status-queue = { $count ->
    [one] Очередь: { $count } часть, { $size }
    [few] Очередь: { $count } части, { $size }
    [many] Очередь: { $count } частей, { $size }
   *[other] Очередь: { $count } части, { $size }
}
status-queue-empty = Очередь: пусто, всё в Telegram
status-oldest = { $seconds ->
    [one] Дольше всего ждут { $seconds } секунду
    [few] Дольше всего ждут { $seconds } секунды
    [many] Дольше всего ждут { $seconds } секунд
   *[other] Дольше всего ждут { $seconds } секунды
}
status-inbox = { $count ->
    [one] Обновлений в очереди: { $count }
    [few] Обновлений в очереди: { $count }
    [many] Обновлений в очереди: { $count }
   *[other] Обновлений в очереди: { $count }
}
status-spool = Буфер: { $size }, { $percent } %
status-flood = { $seconds ->
    [one] Пауза от Telegram: { $title }, ещё { $seconds } секунда
    [few] Пауза от Telegram: { $title }, ещё { $seconds } секунды
    [many] Пауза от Telegram: { $title }, ещё { $seconds } секунд
   *[other] Пауза от Telegram: { $title }, ещё { $seconds } секунды
}
status-no-flood = Паузы от Telegram: нет
status-database = База данных: { $milliseconds } мс
status-only-telegram = { $count ->
    [one] Выдаст только Telegram: { $count } файл
    [few] Выдаст только Telegram: { $count } файла
    [many] Выдаст только Telegram: { $count } файлов
   *[other] Выдаст только Telegram: { $count } файла
}
status-no-alerts = Тревоги: нет
status-alerts = { $count ->
    [one] <b>{ $count } тревога</b>
    [few] <b>{ $count } тревоги</b>
    [many] <b>{ $count } тревог</b>
   *[other] <b>{ $count } тревоги</b>
}
status-alert = { $minutes ->
    [one] { $text } ({ $minutes } минута)
    [few] { $text } ({ $minutes } минуты)
    [many] { $text } ({ $minutes } минут)
   *[other] { $text } ({ $minutes } минуты)
}
status-no-incidents = Сбои: нет
status-incidents = <b>Последние сбои</b>
status-incident = { $at } { $error } ({ $door }) <code>{ $id }</code>
button-refresh = 🔄 Обновить

# Тревоги: одно сообщение, когда началось, и оно же, когда прошло

alert-channel = ⚠️ <b>Канал { $title }</b>: не могу нормально работать.
alert-channel-over = ✅ <b>Канал { $title }</b> снова в порядке ({ $since } – { $until }).
alert-members = { $count ->
    [one] 👀 <b>Канал { $title }</b>: { $count } новый участник, всего { $members }. Кто в канале, видит все файлы.
    [few] 👀 <b>Канал { $title }</b>: { $count } новых участника, всего { $members }. Кто в канале, видит все файлы.
    [many] 👀 <b>Канал { $title }</b>: { $count } новых участников, всего { $members }. Кто в канале, видит все файлы.
   *[other] 👀 <b>Канал { $title }</b>: { $count } новых участника, всего { $members }. Кто в канале, видит все файлы.
}
alert-database_slow = ⚠️ <b>База данных тормозит</b>: { $milliseconds } мс на простой запрос. Сервер занят, диск переполнен?
alert-database_slow-over = ✅ <b>База данных снова быстрая</b> ({ $since } – { $until }).
alert-database_away = ⛔️ <b>База данных не отвечает</b> с { $since }. Пока ничего не принимаю. Запущен ли PostgreSQL?
alert-database_away-over = ✅ <b>База данных снова на связи</b> ({ $since } – { $until }). Что люди прислали за это время, приходит сейчас.
alert-spool = ⚠️ <b>Буфер заполнен на { $percent } %</b> ({ $node }). Когда он заполнится, загрузки будут ждать, пока Telegram заберёт часть. Больше места: MEDIAGATE_SPOOL_MAX_BYTES
alert-spool-over = ✅ <b>В буфере снова есть место</b> ({ $since } – { $until }).
alert-telegram_away = ⛔️ <b>Telegram не отвечает</b> с { $since }. Всё, что приходит, ждёт здесь и не пропадёт.
alert-telegram_away-over = ✅ <b>Telegram снова отвечает</b> ({ $since } – { $until }).
alert-conflict = ⛔️ <b>Мои обновления забирает кто-то ещё</b>: с тем же токеном бота работает другой процесс, и часть сообщений до меня не доходит. Mediagate запущен дважды, или токен знает посторонний? Тогда @BotFather выдаст новый по команде /revoke.
alert-conflict-over = ✅ <b>Обновления снова получаю только я</b> ({ $since } – { $until }).
alert-errors = 🐞 <b>Случилось непредвиденное</b>: { $error } ({ $door }). Номер сбоя <code>{ $incident }</code>
alert-errors-over = ✅ <b>{ $error }</b>: за час не повторилось.
alert-silence = ⚠️ <b>Меня не было больше суток.</b> Telegram хранит сообщения только 24 часа, поэтому присланное между { $at_from } и { $at_to } до меня не дошло. Тем, кто писал незадолго до этого, я сообщу.
alert-silence_people = Меня какое-то время не было. Что вы прислали между { $at_from } и { $at_to }, до меня не дошло, извините. Пришлите, пожалуйста, ещё раз.
alert-digest = <b>Вчера, { $date }</b>
    Новых файлов: { $new }
    Прикреплено к заявкам: { $attached }
    Не удалось: { $failed }

    <b>Сейчас</b>
    Ждут заявки: { $waiting }
    На пути в Telegram: { $spooled }
    Потеряно: { $lost }
