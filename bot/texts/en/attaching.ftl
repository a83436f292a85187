# Commands, as the menu shows them

command-report = The work is done: /report as a reply, or /report 250926-001
command-detach = As a reply: take a file from its request
command-move = As a reply: /move 250926-002
command-done = That was all for this request

# Buttons

button-before = 📷 Before
button-after = ✅ After
button-other-number = 🔢 Another number
button-unattach = ↩️ Not { $number }
button-done = ✅ That was all

# Attaching

attach-before = { $number } · before
attach-after = { $number } · after
attach-chosen = Attached: { $number }
attach-ask-number = Which request? Answer with its number: <code>250926-001</code>, or just <code>1</code> for today's first.
attach-help =
    Reply to a file with <code>/attach 250926-001</code>, or write it alone: then everything you send goes there.
    Several at once: <code>/attach 250926-001 last 5</code>
attach-no-last = You have not sent me any files here yet.
attach-undone = { $count ->
    [one] Taken back: { $count } file is as it was.
   *[other] Taken back: { $count } files are as they were.
}
attach-undone-popup = It is as it was.
attach-undo-too-late = There is nothing to take back here any more.
report-help = Reply to a file with <code>/report 250926-001</code>, or write it alone and then send what shows the work done.
detach-help = Reply to a file with <code>/detach</code>, or name files: <code>/detach 17 18</code>
detach-done = { $count ->
    [one] { $count } file does not belong to { $numbers } any more.
   *[other] { $count } files do not belong to { $numbers } any more.
}
detach-nothing = It is attached to nothing of that.
move-help = Reply to a file with <code>/move 250926-002</code>, or name files: <code>/move 250926-002 17 18</code>
move-done = { $count ->
    [one] { $count } file now belongs to request { $number }.
   *[other] { $count } files now belong to request { $number }.
}
move-nothing = Nothing to move: it belongs to request { $number } already, or not to the one you named.

# Sessions

session-open = { $minutes ->
    [one] Everything you send here now goes to request <b>{ $number }</b>. Finished? /done. After { $minutes } quiet minute I finish by myself.
   *[other] Everything you send here now goes to request <b>{ $number }</b>. Finished? /done. After { $minutes } quiet minutes I finish by myself.
}
session-summary = { $count ->
    [one] Finished: { $count } file is with request <b>{ $number }</b>.
   *[other] Finished: { $count } files are with request <b>{ $number }</b>.
}
session-empty = Finished: nothing was sent for request <b>{ $number }</b>.
session-none = There is nothing open here. Begin with <code>/attach 250926-001</code>
