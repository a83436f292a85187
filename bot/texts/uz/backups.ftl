# Koʻrsatkichning zaxira nusxalari: administratorlar bu haqda nimalarni biladi

alert-backup_failed = ⚠️ <b>Kechagi zaxira nusxa muvaffaqiyatli chiqmadi</b> ({ $reason }). Har soatda qayta urinib koʻraman. Sababini bu buyruq koʻrsatadi: mediagate backup
alert-backup_failed-over = ✅ <b>Zaxira nusxa yana muvaffaqiyatli olindi</b> ({ $since } – { $until }).
alert-backup_passphrase = 🔑 <b>Hozircha zaxira nusxalar yoʻq</b>: ular uchun tiklash iborasi kerak. Uni /setup yaratadi, bir daqiqa vaqt oladi.
alert-backup_passphrase-over = ✅ <b>Endi zaxira nusxalar har kecha olinadi.</b>
