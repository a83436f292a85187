# Commands, as the menu shows them

command-find = Search your files: /find leak #urgent
command-link = A link to a file: /link 17 24
command-usage = How much you have sent
command-lang = Choose the language
command-cancel = Leave what we are in the middle of
command-privacy = What I keep, and how to delete it

# The language, at the first hello

start-language = 🌐 Tilni tanlang · Выберите язык · Choose a language

# The card

card-words = 📝 { $words }
button-describe = ✏️ Describe
button-attach = 📎 To a request
button-cancel = ✖️ Never mind
button-upload-page = ⬆️ Upload page

# Words beside files

words-wait = Noted ✍️ Send me the photo or video within three minutes, and these words go with it.
words-wait-number = Noted ✍️ Send me the photo or video within three minutes, and it goes to request { $number }.
describe-ask = { $count ->
    [one] What is to be seen there? Write it in one message, and I put it with the file.
   *[other] What is to be seen there? Write it in one message, and I put it with all { $count } files.
}
describe-words-only = I need a few words here, such as: water drips from the ceiling.
describe-done = { $count ->
    [one] ✍️ Done: your words are with the file.
   *[other] ✍️ Done: your words are with { $count } files.
}
number-ask = { $count ->
    [one] Which request does it belong to? Write its number: 250926-001, or just 1 for today's first.
   *[other] Which request do these { $count } files belong to? Write its number: 250926-001, or just 1 for today's first.
}
number-not-seen = I see no request number there. It looks like this: 250926-001, or just 1 for today's first.
cancel-done = All right, we leave it at that.
cancel-nothing = There is nothing to leave. Just send me a file, or see /help.

# Lists and search

my-filtered = { $count ->
    [one] <b>{ $what }: { $count }</b>
   *[other] <b>{ $what }: { $count }</b>
}
my-filtered-empty = <b>{ $what }</b>: there is nothing here yet.
my-choose = Show…
my-choose-title = What shall I show?
my-all = All
my-photos = Photos
my-videos = Videos
my-documents = Other files
my-waiting = Without a request
my-by-request = By request
my-of-request = Request { $number }
my-requests-title = Your files by request. Choose one:
my-requests-empty = None of your files belongs to a request yet. To attach one, answer it with the request's number.
find-usage = What shall I look for? Words, #tags or a request number: <code>/find leak #urgent</code>
find-title = { $count ->
    [one] <b>Found for “{ $words }”: { $count }</b>
   *[other] <b>Found for “{ $words }”: { $count }</b>
}
find-empty = I found nothing for “{ $words }”. Try fewer or other words, or look through /my.
find-over = This search is too old. Please write it again: <code>/find</code>

# Usage

usage-title = { $count ->
    [one] You have sent me { $count } file, { $size } in all.
   *[other] You have sent me { $count } files, { $size } in all.
}
usage-line = { $icon } { $kind }: { $count }, { $size }
usage-quota-day-bytes = Today: { $used } of { $limit }
usage-quota-day-files = Files today: { $used } of { $limit }
usage-quota-total-bytes = In all: { $used } of { $limit }
usage-quota-total-files = Files in all: { $used } of { $limit }

# Links

link-usage = Write the file's number, and for how many hours: <code>/link 17 24</code>
link-hours-wrong = For how many hours? From 1 to { $most }: <code>/link 17 24</code>
link-done = { $hours ->
    [one] Whoever has this link can open file { $id } for { $hours } hour:
   *[other] Whoever has this link can open file { $id } for { $hours } hours:
}
link-web = 🌐 { $url }
link-telegram = ✈️ In Telegram: { $url }
link-local = I cannot make web links here: this computer is not reachable from outside. The administrator can change that with PUBLIC_URL.
link-only-telegram = The file is too large for the web, so there is only a link in Telegram.
link-old = This link has ended or is not whole. Ask whoever gave it to you for a new one.

# Privacy

privacy =
    <b>What I keep</b>
    The files you send, their names, your words and tags, when you sent them, and to which requests they belong. Of you: your Telegram number, name and language. Staff see files that belong to a request or wait for one.

    <b>What deleting does</b>
    A deleted file disappears from my archive. What I cannot reach: messages in our chat, messages somebody forwarded, and old Telegram identifiers of a file, which can outlive it for a while. That somebody deleted something stays in the log of changes.

    <b>What you can do</b>
    Get a list of everything, or delete everything.
button-list-everything = 📄 List of everything
button-delete-everything = 🗑 Delete everything I sent
button-delete-everything-sure = 🗑 Yes, delete all of it
delete-everything-ask = { $count ->
    [one] This deletes { $count } file that you sent, { $size }. Really?
   *[other] This deletes all { $count } files that you sent, { $size }. Really?
}
delete-everything-nothing = There is nothing of yours here that could be deleted.
delete-everything-done = { $seconds ->
    [one] Deleted: { $count }. You can undo this for { $seconds } second.
   *[other] Deleted: { $count }. You can undo this for { $seconds } seconds.
}
restore-everything-done = They are back: { $count }.
restore-everything-late = It is too late to undo this: the files are gone.
list-caption = { $count ->
    [one] Everything you sent: { $count } file.
   *[other] Everything you sent: { $count } files.
}
list-heading = Files: { $name }
list-columns = ID | sent | name | kind | bytes | requests | tags | description

# Later news

told-attached = { $count ->
    [one] 📎 Your file is attached to request { $number }.
   *[other] 📎 Your { $count } files are attached to request { $number }.
}
told-report = ✅ Request { $number }: the work is done. Here is the report.
told-report-plain = ✅ Request { $number }: the work is done.

# A file sent twice

card-duplicate-here = Here it is: tap the quoted answer above, or the button.

# Wrong commands

delete-undo-late = It is too late to undo this.
