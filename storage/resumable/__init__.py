"""Uploads that go on where they stopped.

What an offset promises. A client that was told an offset, by the answer to its bytes or by asking, may count on every
byte before it: they are in this node's spool, or in Telegram already, and survive the end of this process, of the
client, and of the machine's power. Bytes are made durable when a part ends, every 64 MiB within one, when a request
ends however it does, and when the client asks while another request writes; with the same step the table learns the
offset. So there is one fsync for many megabytes, and after a crash the spool is cut to what the table says. The offset
equals the length only once the file is a media: where that could not be made (no channel, database away) the call
fails with a 5xx, and the next one that asks tries again.

Bytes that came with a checksum count once it was checked, all of them or none. Parts are shipped while the
rest is on its way; the digest of the whole goes on after a restart from the state that was written down where the
last recorded part ended (`storage.resumable.sha256`), and over what the spool has of the part after it.

One request writes at a time: a newer one asks the one before to write down what it has (`storage.resumable.handover`).
"""
