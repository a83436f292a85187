# Чат сотрудников: что ждёт заявки

command-waiting = Сотрудникам: что ещё ждёт заявки

staff-card-one = { $icon } <b>{ $name }</b> · { $kind } · ID { $id }
staff-card-album = { $count ->
    [one] { $icon } <b>{ $name }</b> · { $count } файл · ID { $id }
    [few] { $icon } <b>{ $name }</b> · { $count } файла · ID { $id }
    [many] { $icon } <b>{ $name }</b> · { $count } файлов · ID { $id }
   *[other] { $icon } <b>{ $name }</b> · { $count } файла · ID { $id }
}
staff-card-empty = 🗑 <b>{ $name }</b>
staff-card-words = { $words }
staff-card-attached = → <b>{ $number }</b>, { $name }, { $time }
staff-card-not-needed = ✖️ Заявка не нужна: { $name }, { $time }
staff-card-gone = Отправитель удалил.

staff-button-number = № Другой номер
staff-button-new = ➕ Новая заявка
staff-button-reply = 💬 Ответить
staff-button-drop = ✖️ Не нужно
staff-button-more = { $count ->
    [one] Показать следующее ({ $count })
    [few] Показать следующие { $count }
    [many] Показать следующие { $count }
   *[other] Показать следующие { $count }
}
staff-summary = { $count ->
    [one] <b>Ещё { $count }</b> ждёт заявки.
    [few] <b>Ещё { $count }</b> ждут заявки.
    [many] <b>Ещё { $count }</b> ждут заявки.
   *[other] <b>Ещё { $count }</b> ждут заявки.
}

staff-attached-popup = → { $number }
staff-dropped-popup = Убрано из списка. Файлы сохранены.
staff-reopened-popup = Снова ждёт заявки.
staff-nothing-to-undo = Отменять уже нечего.
staff-more-popup = { $count ->
    [0] Больше ничего не ждёт.
    [one] Сейчас будет ещё { $count }.
    [few] Сейчас будет ещё { $count }.
    [many] Сейчас будет ещё { $count }.
   *[other] Сейчас будет ещё { $count }.
}
staff-decided-attached = Уже сделано: { $name } → { $number }, { $time }
staff-decided-not-needed = Уже решено: заявка не нужна ({ $name }, { $time })
staff-decided-gone = Отправитель это удалил.
staff-decided-open = Заявка ещё не выбрана.

staff-waiting-none = Заявки ничего не ждёт. 👌
staff-waiting-title = { $count ->
    [one] <b>Ждёт заявки: { $count }</b>
    [few] <b>Ждут заявки: { $count }</b>
    [many] <b>Ждут заявки: { $count }</b>
   *[other] <b>Ждут заявки: { $count }</b>
}
staff-waiting-line = { $time } · { $name } – { $words }
staff-waiting-files = { $count ->
    [one] { $count } файл
    [few] { $count } файла
    [many] { $count } файлов
   *[other] { $count } файла
}
staff-waiting-more = { $count ->
    [one] …и ещё { $count }
    [few] …и ещё { $count }
    [many] …и ещё { $count }
   *[other] …и ещё { $count }
}

staff-number-ask = к какой заявке относится то, что шлёт { $sender }? Ответьте номером: 250926-001, или 1 – первая за сегодня.
staff-number-wrong = Это не номер заявки. Он выглядит так: 250926-001, или 1 – первая за сегодня.
staff-number-hint = 250926-001
staff-answer-ask = что передать? Получит { $sender }. Ответьте текстом, фото или файлом.
staff-answer-hint = Ваш ответ
staff-answer = 💬 <b>{ $name }</b>: { $text }

    Чтобы написать в ответ, ответьте на это сообщение.
staff-answer-file = 💬 <b>{ $name }</b> { $text }
staff-answer-sent = Отправлено: { $sender }.
staff-answer-blocked = Не доставлено: { $sender } заблокировал(а) бота или удалил(а) аккаунт.
staff-answer-back = 💬 <b>{ $name }</b>: { $text }

# Группы

alert-group_lost = ⚠️ <b>Меня удалили из группы { $title }</b>. Я там больше не пишу; если это ошибка, добавьте меня снова.
group-cure =
    Здесь я вижу только команды и ответы мне. Чтобы я видел фото с номером заявки, сделайте меня администратором – или выключите privacy mode у @BotFather и добавьте меня заново.

    А пока: ответьте на фото командой <code>/attach 250926-001</code>.
group-anonymous =
    Мне не видно, кто здесь пишет, поэтому я ничего не сохраняю. Пожалуйста, выключите «Анонимность» в своих правах администратора или выберите себя рядом с полем ввода и отправьте ещё раз.
