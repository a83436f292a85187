# Backups of the index, as admins hear of them

alert-backup_failed = ⚠️ <b>Last night's backup did not succeed</b> ({ $reason }). I try again every hour. What is wrong says: mediagate backup
alert-backup_failed-over = ✅ <b>The backup has succeeded again</b> ({ $since } – { $until }).
alert-backup_passphrase = 🔑 <b>There are no backups yet</b>: they need a recovery passphrase. /setup makes one, it takes a minute.
alert-backup_passphrase-over = ✅ <b>Backups are made every night now.</b>
