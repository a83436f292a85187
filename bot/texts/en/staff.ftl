# The staff chat: what waits for a request

command-waiting = Staff: what still waits for a request

staff-card-one = { $icon } <b>{ $name }</b> · { $kind } · ID { $id }
staff-card-album = { $count ->
    [one] { $icon } <b>{ $name }</b> · { $count } file · ID { $id }
   *[other] { $icon } <b>{ $name }</b> · { $count } files · ID { $id }
}
staff-card-empty = 🗑 <b>{ $name }</b>
staff-card-words = { $words }
staff-card-attached = → <b>{ $number }</b>, { $name }, { $time }
staff-card-not-needed = ✖️ Needs no request: { $name }, { $time }
staff-card-gone = Deleted by the sender.

staff-button-number = № Another number
staff-button-new = ➕ New request
staff-button-reply = 💬 Reply
staff-button-drop = ✖️ Not needed
staff-button-more = { $count ->
    [one] Show the next one
   *[other] Show the next { $count }
}
staff-summary = { $count ->
    [one] <b>{ $count } more</b> waits for a request.
   *[other] <b>{ $count } more</b> wait for a request.
}

staff-attached-popup = → { $number }
staff-dropped-popup = Off the list. The files are kept.
staff-reopened-popup = It waits again.
staff-nothing-to-undo = There is nothing to take back any more.
staff-more-popup = { $count ->
    [0] Nothing more waits.
    [one] { $count } more is coming.
   *[other] { $count } more are coming.
}
staff-decided-attached = { $name } was faster: → { $number }, { $time }
staff-decided-not-needed = { $name } was faster: needs no request, { $time }
staff-decided-gone = The sender has deleted it.
staff-decided-open = It still waits for a request.

staff-waiting-none = Nothing waits for a request. 👌
staff-waiting-title = { $count ->
    [one] <b>{ $count } waits for a request</b>
   *[other] <b>{ $count } wait for a request</b>
}
staff-waiting-line = { $time } · { $name } – { $words }
staff-waiting-files = { $count ->
    [one] { $count } file
   *[other] { $count } files
}
staff-waiting-more = { $count ->
    [one] …and { $count } more
   *[other] …and { $count } more
}

staff-number-ask = which request do { $sender }'s files belong to? Reply with the number: 250926-001, or 1 for today's first.
staff-number-wrong = This is no request number. It looks like 250926-001, or 1 for today's first.
staff-number-hint = 250926-001
staff-answer-ask = what shall I tell { $sender }? Reply with a text, a photo or a file.
staff-answer-hint = Your answer
staff-answer = 💬 <b>{ $name }</b>: { $text }

    Reply to this message to write back.
staff-answer-file = 💬 <b>{ $name }</b> { $text }
staff-answer-sent = Sent to { $sender }.
staff-answer-blocked = { $sender } cannot be reached: they have blocked me or left.
staff-answer-back = 💬 <b>{ $name }</b>: { $text }

# Groups

alert-group_lost = ⚠️ <b>I was removed from the group { $title }</b>. I say nothing there any more; add me again if that was a mistake.
group-cure =
    Here I only see commands and replies to me. To let me see photos with a request number, make me an administrator, or turn off privacy mode at @BotFather and add me again.

    Meanwhile: reply to a photo with <code>/attach 250926-001</code>.
group-anonymous =
    I cannot see who is writing here, so I keep nothing. Please turn off “Remain anonymous” in your administrator rights, or choose yourself beside the text field, and send it again.
