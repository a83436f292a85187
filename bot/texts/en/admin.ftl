# Commands for admins, as the menu shows them

command-status = Admins: how everything is
command-channels = Admins: where files are kept
command-staff = Admins: who is staff
command-keys = Admins: the keys of services
command-block = Admins: who gets no answers
command-setup = Admins: setting up, step by step

# Links that let people in

invite-uses = { $count ->
    [one] { $count } person can come in by it. For another number write, for example, <code>/invite 5</code>.
   *[other] { $count } people can come in by it. For another number write, for example, <code>/invite 5</code>.
}
invite-over = This link has expired or has been used. Please ask for a new one.
invite-over-known = This link has expired or has been used. You do not need it: I know you already. What I can do: /help
arrived-admin = Welcome, { $name }! You are the administrator of this bot now.
arrived-staff = Welcome, { $name }! You are staff now. What you can do: /help

# Setting up

setup-title = <b>Setting up</b>
setup-done = <b>Everything is set up.</b> From now on: /channels, /staff, /keys, /status
setup-step-archive = a channel where all files are kept
setup-step-backup = a channel for backups
setup-step-staff_group = the group of the staff: who is in it is staff
setup-step-passphrase = the recovery passphrase
setup-later = Tap a key below; you can also make a new channel or group there. It goes on whenever you like: /setup
setup-passphrase = One thing more: the recovery passphrase opens the backups if this server is lost. I show it once and do not keep it, so have pen and paper ready.
key-archive = 📦 Choose the archive channel
key-backup = 💾 Choose the backup channel
key-staff-group = 👥 Choose the staff group
key-any-channel = 📦 Choose a channel
key-people = 👤 Choose people
button-passphrase = 🔑 Show the passphrase
secret-coming = One moment…
passphrase = { $seconds ->
    [one] Your recovery passphrase. Write it down now; this message disappears in { $seconds } second.

    <code>{ $passphrase }</code>
   *[other] Your recovery passphrase. Write it down now; this message disappears in { $seconds } seconds.

    <code>{ $passphrase }</code>
}
passphrase-made = There is a passphrase already, and it is shown only once. If it is lost, run on the server: mediagate setup --new-passphrase
staff-group-bound = Staff group: <b>{ $title }</b>. Whoever is in it is staff as long as they stay.
staff-group-fixed = The group <b>{ $title }</b> is noted, but the setting MEDIAGATE_STAFF_CHAT names another one, and that one counts.
staff-group-not-in = I am not in this group. Please add me to it, then choose it once more.
staff-group-no-admin = In <b>{ $title }</b> I am no administrator, so I may not see all who are in it. Please make me one; I need no particular right.

# Channels

purpose-requests = 📦 Requests
purpose-reports = 📝 Reports
purpose-archive = 🗄 Archive
purpose-backup = 💾 Backup
purpose-access = 🚗 Access
channels-title = { $count ->
    [one] <b>{ $count } channel</b>
   *[other] <b>{ $count } channels</b>
}
channels-none = I have no channel to keep files in yet. Make a private channel and let me in as an administrator; the button below does both.
channel-line = { $sign } <b>{ $title }</b> – { $purposes }
channel-no-purpose = nothing new is kept here
channel-parts = { $count ->
    [one] { $count } message with a file
   *[other] { $count } messages with files
}
channel-members = { $count ->
    [one] { $count } member
   *[other] { $count } members
}
channel-checked = Looked at on { $at }
channel-offer = I am an administrator of <b>{ $title }</b> now. What shall I keep there?
channel-chosen = Thank you, I have it.
channel-add = Choose a channel, or make one, with the key below. I get just the rights I need.
channel-bound = <b>{ $title }</b> is in use from now on: { $purpose }. What was kept elsewhere stays there and is still found.
channel-same = <b>{ $title }</b> is what I use already: { $purpose }.
channel-fixed = { $purpose }: this is named in the setting MEDIAGATE_CHANNELS. Please change it there.
channel-unfit = I cannot use <b>{ $title }</b> like this:
channel-problem-gone = I am not in it any more. Make me an administrator again, with the rights to post, edit and delete messages.
channel-problem-not_a_channel = It is no channel. Please choose a channel.
channel-problem-no_admin = I am no administrator. Make me one, with the rights to post, edit and delete messages.
channel-problem-no_post = I may not post. Channel → Administrators → me → Post messages.
channel-problem-no_edit = I may not edit messages. Channel → Administrators → me → Edit messages of others.
channel-problem-no_delete = I may not delete messages. Channel → Administrators → me → Delete messages of others.
channel-problem-public = It is public: anybody can read it. Channel → Edit → Channel type → Private.
channel-problem-linked = It has a discussion group, which sees every file. Channel → Edit → Discussion → Unlink group.
channel-problem-protected = Saving content is restricted, so I cannot fetch anything from it. Channel → Edit → Channel type → allow saving content.
channel-unbound = Nothing new is kept there. What is there stays.
channel-not-unbound = Nothing has changed: it is named in the setting MEDIAGATE_CHANNELS, or serves nothing.
channel-unknown = I do not know this channel any more.
channel-ignored = All right, nothing is kept in <b>{ $title }</b>. If you change your mind: /channels
button-add-channel = ➕ Add a channel
button-unbind = ⏏️ Keep nothing new here
button-back = ‹ Back
button-no-purpose = Nothing
button-check-again = 🔄 Check again
button-all-channels = All channels

# Staff

role-user = user
role-staff = staff
role-admin = admin
staff-title = { $count ->
    [one] <b>{ $count } person with a role</b>
   *[other] <b>{ $count } people with a role</b>
}
staff-line = <b>{ $name }</b> – { $role } · <code>{ $id }</code>
staff-line-fixed = <b>{ $name }</b> – { $role } (by the settings) · <code>{ $id }</code>
staff-line-blocked = 🚫 <b>{ $name }</b> – { $role } · <code>{ $id }</code>
staff-how = Add somebody: choose them below, send me their contact, reply to one of their messages with /staff, or hand out a link. Tap a name to change a role.
staff-choose = Choose up to ten people with the key below; they become staff.
staff-who = I cannot see whose message this is. Please choose the person under /staff in our private chat.
staff-no-telegram = This contact is not in Telegram, so there is nobody I could let in. A link helps: /staff
staff-link = { $days ->
    [one] Whoever opens this link first becomes staff. It is valid for { $days } day. { $link }
   *[other] Whoever opens this link first becomes staff. It is valid for { $days } days. { $link }
}
only-private = Please write this to me in our private chat.
list-more = { $count ->
    [one] …and { $count } more
   *[other] …and { $count } more
}
person-unknown = I do not know this person: they have never written to me.
person-named = <b>{ $name }</b>:
person-is-admin = <b>{ $name }</b> is an admin already.
person-now-staff = <b>{ $name }</b> is staff now.
person-now-user = <b>{ $name }</b> is not staff any more.
role-change-done = Done.
role-change-same = it was so already.
role-change-fixed = the role stands in the settings and is changed there.
role-change-last_admin = this is the only admin. First make somebody else one.
role-change-unknown = I do not know this person: they have never written to me.
button-make-admin = ⭐ Make an admin
button-make-staff = 👷 Make staff
button-make-user = ✖️ Take the role away
button-choose-people = 👤 Choose people
button-staff-link = 🔗 A link for staff
button-links = Open links
button-all-staff = All staff
links-title = <b>Links that are open</b>
links-none = No link is open.
links-line = { $left ->
    [one] <code>{ $id }</code> – { $role }, for { $left } more person, until { $until }
   *[other] <code>{ $id }</code> – { $role }, for { $left } more people, until { $until }
}
link-ended = The link is closed.
link-unknown = I do not know this link.
button-end-link = ✖️ Close { $id }

# Blocking

block-how = Block somebody: reply to them with /block, or write <code>/block @name</code> or <code>/block 12345</code>. And back: /unblock
block-admin = <b>{ $name }</b> is an admin and cannot be blocked.
blocked-none = Nobody is blocked.
blocked-title = { $count ->
    [one] <b>{ $count } person is blocked</b>
   *[other] <b>{ $count } people are blocked</b>
}
person-blocked = <b>{ $name }</b> is blocked: no answers, and nothing they send is kept.
person-unblocked = <b>{ $name }</b> is not blocked any more.
button-block = 🚫 Block
button-unblock = Unblock
button-unblock-name = Unblock { $name }

# Keys of services

keys-title = { $count ->
    [one] <b>{ $count } key is valid</b>
   *[other] <b>{ $count } keys are valid</b>
}
keys-none = No service has a key yet.
keys-line = <code>{ $id }</code> <b>{ $name }</b> { $prefix }… – { $scopes }
keys-forever = never expires
keys-until = until { $at }
keys-unused = never used
keys-used = last used { $at }
keys-how = A new one: write /keys and the name of the service, for example <code>/keys crm</code>
keys-name = A service's name has up to 64 Latin letters, digits, dots, dashes and underscores, for example <code>/keys crm</code>
keys-draft = <b>A key for { $name }</b>
    It may: { $scopes }
    It expires: { $expiry }
keys-no-scopes = nothing yet
keys-needs-scope = Tap at least one thing that the key may do.
keys-draft-gone = This was finished or dropped already. Begin again with /keys.
keys-dropped = All right, no key was made.
keys-made = The key for <b>{ $name }</b> is made. All keys: /keys
keys-secret = { $seconds ->
    [one] The key for <b>{ $name }</b>. Copy it now; this message disappears in { $seconds } second.

    <code>{ $secret }</code>
   *[other] The key for <b>{ $name }</b>. Copy it now; this message disappears in { $seconds } seconds.

    <code>{ $secret }</code>
}
keys-sure = Really revoke key { $id } of <b>{ $name }</b> ({ $prefix }…)? Whatever uses it stops working within half a minute.
keys-revoked = The key is revoked.
keys-unknown = There is no such key.
expiry-never = never
expiry-days = { $days ->
    [one] in { $days } day
   *[other] in { $days } days
}
button-expiry = ⏳ Expires: { $expiry }
button-make-key = 🔑 Make the key
button-drop = Drop
button-revoke-key = ✖️ { $id } { $name }
button-revoke-sure = ✖️ Yes, revoke

# How everything is

status-title = <b>Status</b>, { $at }
status-queue = { $count ->
    [one] Queue: { $count } part, { $size }
   *[other] Queue: { $count } parts, { $size }
}
status-queue-empty = Queue: empty, everything is in Telegram
status-oldest = { $seconds ->
    [one] The oldest has been waiting for { $seconds } second
   *[other] The oldest has been waiting for { $seconds } seconds
}
status-inbox = { $count ->
    [one] Updates waiting: { $count }
   *[other] Updates waiting: { $count }
}
status-spool = Spool: { $size }, { $percent } %
status-flood = { $seconds ->
    [one] Flood wait: { $title }, { $seconds } second left
   *[other] Flood wait: { $title }, { $seconds } seconds left
}
status-no-flood = Flood waits: none
status-database = Database: { $milliseconds } ms
status-only-telegram = { $count ->
    [one] Only Telegram can deliver: { $count } file
   *[other] Only Telegram can deliver: { $count } files
}
status-no-alerts = Alerts: none
status-alerts = { $count ->
    [one] <b>{ $count } alert</b>
   *[other] <b>{ $count } alerts</b>
}
status-alert = { $minutes ->
    [one] { $text } ({ $minutes } minute)
   *[other] { $text } ({ $minutes } minutes)
}
status-no-incidents = Incidents: none
status-incidents = <b>Last incidents</b>
status-incident = { $at } { $error } ({ $door }) <code>{ $id }</code>
button-refresh = 🔄 Refresh

# Alerts: once when something begins, and the same message again when it is over

alert-channel = ⚠️ <b>Channel { $title }</b>: I cannot work as I should.
alert-channel-over = ✅ <b>Channel { $title }</b> is all right again ({ $since } – { $until }).
alert-members = { $count ->
    [one] 👀 <b>Channel { $title }</b>: { $count } new member, { $members } in all. Whoever is in it sees every file.
   *[other] 👀 <b>Channel { $title }</b>: { $count } new members, { $members } in all. Whoever is in it sees every file.
}
alert-database_slow = ⚠️ <b>The database is slow</b>: { $milliseconds } ms for a simple question. Is the server busy, is the disk full?
alert-database_slow-over = ✅ <b>The database is quick again</b> ({ $since } – { $until }).
alert-database_away = ⛔️ <b>The database does not answer</b> since { $since }. I take nothing in meanwhile. Is PostgreSQL running?
alert-database_away-over = ✅ <b>The database is back</b> ({ $since } – { $until }). What people sent in between arrives now.
alert-spool = ⚠️ <b>The spool is { $percent } % full</b> ({ $node }). When it is full, uploads are refused until Telegram has taken some. More room: MEDIAGATE_SPOOL_MAX_BYTES
alert-spool-over = ✅ <b>The spool has room again</b> ({ $since } – { $until }).
alert-telegram_away = ⛔️ <b>Telegram does not answer</b> since { $since }. What comes in waits here and is not lost.
alert-telegram_away-over = ✅ <b>Telegram answers again</b> ({ $since } – { $until }).
alert-conflict = ⛔️ <b>Somebody else takes my updates</b>: another process runs with the same bot token, so some messages never reach me. Is Mediagate running twice, or is the token known to others? In that case @BotFather makes a new one with /revoke.
alert-conflict-over = ✅ <b>The updates are mine alone again</b> ({ $since } – { $until }).
alert-errors = 🐞 <b>Something unexpected happened</b>: { $error } ({ $door }). Incident <code>{ $incident }</code>
alert-errors-over = ✅ <b>{ $error }</b> has not happened again for an hour.
alert-silence = ⚠️ <b>I was away for more than a day.</b> Telegram keeps messages for 24 hours only, so what people sent between { $at_from } and { $at_to } never reached me. I tell those who wrote shortly before.
alert-silence_people = I was not there for a while. What you sent me between { $at_from } and { $at_to } did not reach me, I am sorry. Please send it once more.
alert-digest = <b>Yesterday, { $date }</b>
    New files: { $new }
    Attached to requests: { $attached }
    Failed: { $failed }

    <b>Now</b>
    Waiting for a request: { $waiting }
    On the way to Telegram: { $spooled }
    Lost: { $lost }
