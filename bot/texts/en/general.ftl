# Commands, as the menu shows them

command-start = Say hello
command-help = What I can do
command-my = Your files
command-get = Get a file back: /get 17
command-delete = Delete a file: /delete 17
command-attach = As a reply to a file: attach it to a request
command-request = Staff: the files of a request
command-invite = Staff: a link to let people in
command-language = Choose the language

# Hello and help

start =
    Hello, { $name }! I keep photos, videos and other files safe and hand them back any time.

    Just send me a file, or several at once. With a request number in the caption, such as <code>#250926-001</code>, the file goes to that request.

    /my – your files
    /help – everything I can do
help =
    Send me a photo, a video, a voice message or any file, also several as an album. I answer once and tell you when it is stored.

    <b>Which request?</b> Write the number in the caption: <code>#250926-001</code>, or just <code>#001</code> for today's. Forgot it? Reply to the file with the number. Words before or after a file describe it.

    /my – your files
    /find leak – search them
    /get 17, /delete 17, /link 17 – get a file back, delete it, share it
    /attach 250926-001 – everything you send next, until /done
    /privacy – what I keep, and how to delete it
    /lang – choose the language
help-staff =
    <b>For staff</b>
    Send a photo and tap <b>{ button-before }</b> or <b>{ button-after }</b>: no typing. In a group: reply to a photo with /attach 250926-001.

    /waiting – what waits for a request
    /request 250926-001 – what a request has
    /attach, /report, /move 250926-002, /detach – as a reply: to a request, as work done, to another one, away
    /find leak, /get 17 – search all files, get one
    /history 17 – what was done to it
    /invite – a link to let people in
help-admin =
    <b>For admins</b>
    /status – how things are
    /channels, /staff, /keys – where files go, who works here, which services
    /block – shut somebody out
    /setup – begin anew
send-me-a-file = Send me a photo, a video or any other file and I will keep it. More: /help
unknown-command = I do not know this command. What I can do: /help
choose-language = Which language shall we speak?
language-chosen = All right, English it is.
choose-group-language = Which language shall I speak in this group?
group-language-chosen = All right, English in this group.

# Who may use the bot

not-admitted-invite = Hello! This bot is for people of our company. Please ask your manager for access.
not-admitted-contact = Hello! Please share your phone number with the button below, then we can begin.
button-share-contact = 📱 Share my number
contact-welcome = Thank you, { $name }! Now just send me a file. More: /help
invited-welcome = Welcome, { $name }! Now just send me a file. More: /help
invite-link = { $days ->
    [one] Hand this link to whoever may use me. It is valid for { $days } day. { $link }
   *[other] Hand this link to whoever may use me. It is valid for { $days } days. { $link }
}
contact-not-yours = This is somebody else's contact. Please use the button below to share your own.

# The card: one answer to a file or an album

card-title = { $icon } <b>{ $name }</b>
card-album = { $count ->
    [one] <b>Album: { $count } file</b>
   *[other] <b>Album: { $count } files</b>
}
card-facts = { $kind }, { $size }
card-facts-no-size = { $kind }
card-id = ID <code>{ $id }</code>
card-requests = { $count ->
    [one] request { $numbers }
   *[other] requests { $numbers }
}
card-received = Received, being stored…
card-waiting = Received and safe. It is waiting for Telegram, this can take a while.
card-stored = Stored
card-deleting = Deleted. You can still undo this.
card-deleted = Deleted
card-duplicate = You sent this file on { $date } already; I kept that one.
card-only-here = Too large for the web page, but I can hand it back here: /get { $id }
card-refused = Not kept: { $reason }
card-more = { $count ->
    [one] …and { $count } more file
   *[other] …and { $count } more files
}

kind-photo = photo
kind-video = video
kind-audio = audio
kind-voice = voice message
kind-animation = animation
kind-video_note = video message
kind-sticker = sticker
kind-document = file

size-bytes = { $size } B
size-kilobytes = { $size } KB
size-megabytes = { $size } MB
size-gigabytes = { $size } GB

# Buttons

button-delete = 🗑 Delete
button-delete-one = 🗑 Delete { $id }
button-undo = ↩️ Undo
button-undo-one = ↩️ Undo { $id }
button-get = 📎 { $id }
button-previous = ‹ Back
button-next = More ›

# Lists

my-title = { $count ->
    [one] <b>Your files: { $count }</b>
   *[other] <b>Your files: { $count }</b>
}
my-empty = You have not sent me any files yet. Send one now!
list-line = <code>{ $id }</code> { $icon } { $name } – { $facts }
list-page = Page { $page } of { $pages }

category-request_photo = request photos
category-request_video = request videos
category-request_document = request documents
category-report_photo = report photos
category-report_video = report videos
category-report_document = report documents
category-completion_photo = completion photos
category-completion_video = completion videos
category-completion_document = completion documents
category-process_video = process videos
category-avatar = avatars
category-access_plate = number plates
category-access_overview = entrance overviews
category-other = other

# Getting back

get-usage = Write the file's number: <code>/get 17</code>. You find it under /my.
get-not-yet = File { $id } is safe with me, but not in Telegram yet. Please try again in a minute.
get-parts = File { $id } is too large for one message: it is stored in { $count ->
    [one] { $count } part
   *[other] { $count } parts
}. It can be fetched over the web by the service that sent it.
get-parts-link = File { $id } is stored in { $count ->
    [one] { $count } part
   *[other] { $count } parts
}. Fetch it over the web: { $url }
get-lost = I cannot reach file { $id } in Telegram right now. Please try again later.
get-caption = { $name } · ID { $id }
get-caption-request = { $name } · ID { $id } · { $numbers }

# Deleting

delete-usage = Write the file's number: <code>/delete 17</code>. You find it under /my.
delete-done = { $seconds ->
    [one] File { $id } is deleted. You can undo this for { $seconds } second.
   *[other] File { $id } is deleted. You can undo this for { $seconds } seconds.
}
delete-popup = Deleted. Undo is still possible for a moment.
restore-done = File { $id } is back.
restore-popup = It is back.

# Requests

attach-no-media = I see no file of mine there. Reply to the file, or to my answer to it.
attach-done = { $count ->
    [one] { $count } file is now attached to request { $number }.
   *[other] { $count } files are now attached to request { $number }.
}
attach-already = It is attached to request { $number } already.

# What can go wrong

error-other = Something went wrong. Please try again.
error-incident = Something went wrong on my side, and I am sorry. It is noted; if you ask for help, name this number: <code>{ $incident }</code>
error-input = I cannot use this. Please check it and try again.
error-too-large = the file is too large
error-too-large-limit = the file is larger than { $limit }
error-type = I do not keep files of this type
error-contradiction = the file is not what its name says
error-empty = the file is empty
error-number = <code>{ $value }</code> is not a request number. It looks like this: 250926-001.
error-refused = You may not do this.
error-staff-only = Only staff can do this.
error-not-found = I do not find this.
error-media-not-found = I have no such file.
error-deleted = This file is deleted.
error-request-not-found = There is no such request.
error-conflict = This is not possible right now.
error-only-telegram = This file can only be fetched here in Telegram.
error-busy = I am busy right now. Please try again in a moment.
error-no-channel = I have no place to keep files yet. Please tell the administrator.
error-source = I cannot reach the file in Telegram right now. Please try again later.
error-telegram = Telegram does not play along right now. Please try again later.
error-damaged = the file is damaged in Telegram
