# The archive itself, as admins hear of it

alert-damaged = { $count ->
    [one] ⛔️ <b>{ $count } file in the archive is damaged</b>: a channel message was deleted or changed by hand. I put it back from wherever its bytes still are. What is still wrong says: mediagate verify --repair
   *[other] ⛔️ <b>{ $count } files in the archive are damaged</b>: channel messages were deleted or changed by hand. I put them back from wherever their bytes still are. What is still wrong says: mediagate verify --repair
}
alert-damaged-over = ✅ <b>Every file in the archive is whole again</b> ({ $since } – { $until }).
alert-mirror_missing = ⚠️ <b>The mirror is not there</b> ({ $node }): its directory has no marker file, another one, or files of another MEDIAGATE_MIRROR_KEY. Is the right disk mounted? Which it is says: mediagate doctor
alert-mirror_missing-over = ✅ <b>The mirror works again</b> ({ $since } – { $until }). What is missing is being written.
alert-mirror_full = ⚠️ <b>The mirror is full</b> ({ $node }). Make room on its disk, and I write the rest by myself. Files are taken in all the same.
alert-mirror_full-over = ✅ <b>The mirror works again</b> ({ $since } – { $until }). What is missing is being written.
alert-mirror_failed = ⚠️ <b>The mirror cannot be written</b> ({ $node }): its disk is read-only, does not answer, or reports errors. Files are taken in all the same. What it is says: mediagate doctor
alert-mirror_failed-over = ✅ <b>The mirror works again</b> ({ $since } – { $until }). What is missing is being written.
