# Commands, as the menu shows them

command-report = Работа сделана: /report ответом или /report 250926-001
command-detach = Ответом на файл: убрать его из заявки
command-move = Ответом на файл: /move 250926-002
command-done = По этой заявке всё

# Buttons

button-before = 📷 До
button-after = ✅ После
button-other-number = 🔢 Другой номер
button-unattach = ↩️ Не { $number }
button-done = ✅ Это всё

# Attaching

attach-before = { $number } · до
attach-after = { $number } · после
attach-chosen = Прикреплено: { $number }
attach-ask-number = К какой заявке? Ответьте номером: <code>250926-001</code> или просто <code>1</code>, если это первая за сегодня.
attach-help =
    Ответьте на файл: <code>/attach 250926-001</code>. Или напишите это отдельно, и всё, что вы пришлёте дальше, попадёт в эту заявку.
    Несколько сразу: <code>/attach 250926-001 последние 5</code>
attach-no-last = Вы здесь ещё ничего не присылали.
attach-undone = { $count ->
    [one] Отменено: { $count } файл остался как был.
    [few] Отменено: { $count } файла остались как были.
    [many] Отменено: { $count } файлов остались как были.
   *[other] Отменено: { $count } файла остались как были.
}
attach-undone-popup = Всё как было.
attach-undo-too-late = Здесь уже нечего отменять.
report-help = Ответьте на файл: <code>/report 250926-001</code>. Или напишите это отдельно, а потом пришлите фото выполненной работы.
detach-help = Ответьте на файл: <code>/detach</code>. Или назовите файлы: <code>/detach 17 18</code>
detach-done = { $count ->
    [one] { $count } файл больше не относится к { $numbers }.
    [few] { $count } файла больше не относятся к { $numbers }.
    [many] { $count } файлов больше не относятся к { $numbers }.
   *[other] { $count } файла больше не относятся к { $numbers }.
}
detach-nothing = Здесь нечего убирать: файл туда не прикреплён.
move-help = Ответьте на файл: <code>/move 250926-002</code>. Или назовите файлы: <code>/move 250926-002 17 18</code>
move-done = { $count ->
    [one] { $count } файл теперь в заявке { $number }.
    [few] { $count } файла теперь в заявке { $number }.
    [many] { $count } файлов теперь в заявке { $number }.
   *[other] { $count } файла теперь в заявке { $number }.
}
move-nothing = Переносить нечего: файл уже в заявке { $number } или не был в той, что вы назвали.

# Sessions

session-open = { $minutes ->
    [one] Всё, что вы пришлёте сюда, теперь попадёт в заявку <b>{ $number }</b>. Закончили – /done. Через { $minutes } минуту тишины закончу сам.
    [few] Всё, что вы пришлёте сюда, теперь попадёт в заявку <b>{ $number }</b>. Закончили – /done. Через { $minutes } минуты тишины закончу сам.
    [many] Всё, что вы пришлёте сюда, теперь попадёт в заявку <b>{ $number }</b>. Закончили – /done. Через { $minutes } минут тишины закончу сам.
   *[other] Всё, что вы пришлёте сюда, теперь попадёт в заявку <b>{ $number }</b>. Закончили – /done. Через { $minutes } минуты тишины закончу сам.
}
session-summary = { $count ->
    [one] Готово: в заявке <b>{ $number }</b> теперь { $count } файл от вас.
    [few] Готово: в заявке <b>{ $number }</b> теперь { $count } файла от вас.
    [many] Готово: в заявке <b>{ $number }</b> теперь { $count } файлов от вас.
   *[other] Готово: в заявке <b>{ $number }</b> теперь { $count } файла от вас.
}
session-empty = Готово: для заявки <b>{ $number }</b> ничего не пришло.
session-none = Сейчас ничего не открыто. Начните так: <code>/attach 250926-001</code>
