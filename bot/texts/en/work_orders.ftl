# Requests as the company's Request Service knows them.

error-unknown-request = there is no request { $value }. Please check the number
error-request-closed = the request { $value } is closed and takes no more files
error-request-service = the Request Service does not answer right now. Nothing was changed; please try again in a minute, or choose a number

button-attach-anyway = Attach anyway
override-too-late = That was too long ago. Please attach it anew
card-number-refused = ⚠️ Kept without a request: { $reason }. Staff will see to it.
wrong-number =
    ⚠️ There is no request <b>{ $number }</b>. { $count ->
        [one] One file was attached to it while the Request Service was away.
       *[other] { $count } files were attached to it while the Request Service was away.
    }
wrong-senders = From: { $names }
wrong-ask = where do the files of { $number } belong? Answer with the right number.
wrong-detached = Request { $number }, which there is not: detached by { $name }.
wrong-moved = Request { $number }, which there is not: moved to <b>{ $to }</b> by { $name }.
wrong-exists = The request { $number } exists after all. Everything stays as it is.
wrong-empty = Nothing is attached to { $number } any more.
button-wrong-move = № Attach elsewhere
button-wrong-detach = ✖️ Detach
order-button = { $number } · { $title }
order-button-mine = 👷 { $number }
order-button-mine-titled = 👷 { $number } · { $title }
order-title = <b>{ $title }</b>
order-named = { $number } · { $title }
order-state-open = 🟢 open
order-state-new = 🟢 new
order-state-in_progress = 🛠 in progress
order-state-waiting = ⏸ waiting
order-state-closed = 🔒 closed
order-state-done = 🔒 done
order-state-cancelled = 🔒 cancelled
order-open = 🟢 { $state }
order-closed = 🔒 { $state }, closed
order-address = 📍 { $address }
order-assigned = 👷 { $names }
order-no-files = No files yet.
order-unverified = ⏳ The Request Service has not confirmed this number yet.
event-request_renamed = got another number
event-request_merged = became part of another request
request-now = { $former } is now { $number }.
