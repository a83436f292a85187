# Linking a chat with a person of the company

linking-ask = This link connects this chat with <b>{ $who }</b>. Then all your files are in one place: those from here and those from the company's other programs. Did you ask for it yourself?
button-linking-yes = Yes, connect
button-linking-no = No, that is not me
linking-done = Done: this chat is connected with <b>{ $who }</b>. To end it: /unlink
linking-left = All right, nothing has changed.
linking-over = This link has expired or has been used. Please get a new one where you got it.
unlink-done = This chat is no longer connected. What you sent here stays with you here.
unlink-none = This chat is not connected with anybody.
command-unlink = disconnect this chat from your company account
