# A request in a chat

command-history = Staff: what was done to a file or a request
request-usage = Write a request number: <code>/request 250926-001</code>.
request-title = { $count ->
    [one] <b>Request { $number }</b>: { $count } file
   *[other] <b>Request { $number }</b>: { $count } files
}
request-category = { $category }: { $count }
request-nothing = I find nothing for request { $number }. Check the number, or attach something to it.
request-origin = From { $who } · { $when }
request-when = { $when }
request-only-telegram = 📦 Only in Telegram, too large for the page: { $ids }. Get one with /get { $first }
request-damaged = ⚠️ Damaged in Telegram: { $ids }. Ask the sender of { $first } to send it again.
request-shipping = ⏳ Still on its way to Telegram: { $ids }. Look again for { $first } in a minute.
request-album = Request { $number } · { $span }
request-sent-already = These are here already, a bit further up or down.
request-album-later = Telegram wants a pause. Try again in { $seconds ->
    [one] { $seconds } second
   *[other] { $seconds } seconds
}.
request-album-failed = Telegram does not show these right now. They are on the page and in the list.
request-page-local = There is no page yet that opens outside of the server: the administrator sets PUBLIC_URL first. Until then use the pictures and the list.
request-timeline = <b>What happened: { $number }</b>
request-timeline-empty = Nothing yet.

request-button-pictures = 🖼 { $span }
request-button-papers = 📄 { $span }
request-button-list = 🗂 List
request-button-timeline = 🕓 What happened
request-button-page = 🌐 Everything on one page
request-button-back = ‹ Request

# What was done

history-title = <b>File { $id }</b> · { $name }
history-usage = Write the number of a file or of a request: <code>/history 17</code>, <code>/history 250926-001</code>. Or reply to a file with /history.
event-line = { $when } · <b>{ $who }</b>: { $what } { $about }
event-line-plain = { $when } · <b>{ $who }</b>: { $what }
event-taken_in = received
event-attached = attached
event-detached = detached
event-updated = changed
event-deleted = deleted
event-restored = restored
event-expired = deleted when its time was over
event-anonymised = sender forgotten
event-refused = not kept
event-archiving = moving to the archive
event-archived = moved to the archive
event-sent = sent to a chat
event-link_created = made a link
event-link_revoked = ended a link
event-link_used = fetched by a link
event-invited = invited somebody to upload
event-invitation_revoked = took an invitation back
event-not_needed = marked as not needed
event-needed_again = needed after all
event-request_opened = opened the request
event-event_redelivered = sent a notice of it once more
event-other = { $action }
field-filename = name
field-description = description
field-category = kind
field-tags = tags
field-external_id = outside id
field-expires_at = end
who-system = Mediagate
who-link = somebody with a link
who-invitation = somebody invited
who-somebody = somebody
