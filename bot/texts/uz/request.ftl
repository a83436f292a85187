# Chatdagi ariza

command-history = Xodimlar uchun: fayl yoki ariza bilan nimalar qilingan
request-usage = Ariza raqamini yozing: <code>/request 250926-001</code>.
request-title = { $count ->
    [one] <b>Ariza { $number }</b>: { $count } ta fayl
   *[other] <b>Ariza { $number }</b>: { $count } ta fayl
}
request-category = { $category }: { $count }
request-nothing = { $number } ariza boʻyicha hech narsa topmadim. Raqamni tekshiring yoki unga biror narsa biriktiring.
request-origin = Kimdan: { $who } · { $when }
request-when = { $when }
request-only-telegram = 📦 Faqat Telegramda, sahifa uchun juda katta: { $ids }. Olish: /get { $first }
request-damaged = ⚠️ Telegramda shikastlangan: { $ids }. { $first }-faylni yuborgan kishidan qayta yuborishini soʻrang.
request-shipping = ⏳ Hali Telegramga yetib bormagan: { $ids }. { $first }-faylni bir daqiqadan keyin qayta koʻring.
request-album = Ariza { $number } · { $span }
request-sent-already = Bular allaqachon shu yerda, sal yuqorida yoki pastda.
request-album-later = Telegram biroz kutishni soʻrayapti. { $seconds ->
    [one] { $seconds } soniyadan
   *[other] { $seconds } soniyadan
} keyin urinib koʻring.
request-album-failed = Telegram hozir ularni koʻrsatmayapti. Ular sahifada va roʻyxatda bor.
request-page-local = Serverdan tashqarida ochiladigan sahifa hali yoʻq: administrator avval PUBLIC_URL ni belgilashi kerak. Ungacha suratlar va roʻyxatdan foydalaning.
request-timeline = <b>Nimalar boʻldi: { $number }</b>
request-timeline-empty = Hozircha hech narsa.

request-button-pictures = 🖼 { $span }
request-button-papers = 📄 { $span }
request-button-list = 🗂 Roʻyxat
request-button-timeline = 🕓 Nimalar boʻldi
request-button-page = 🌐 Hammasi bitta sahifada
request-button-back = ‹ Ariza

# Nimalar qilindi

history-title = <b>{ $id }-fayl</b> · { $name }
history-usage = Fayl yoki ariza raqamini yozing: <code>/history 17</code>, <code>/history 250926-001</code>. Yoki faylga /history deb javob bering.
event-line = { $when } · <b>{ $who }</b>: { $what } { $about }
event-line-plain = { $when } · <b>{ $who }</b>: { $what }
event-taken_in = qabul qilindi
event-attached = biriktirildi
event-detached = ajratildi
event-updated = oʻzgartirildi
event-deleted = oʻchirildi
event-restored = tiklandi
event-expired = muddati tugab oʻchirildi
event-anonymised = yuboruvchi maʼlumotlari oʻchirildi
event-refused = qabul qilinmadi
event-archiving = arxivga koʻchirilmoqda
event-archived = arxivga koʻchirildi
event-sent = chatga yuborildi
event-link_created = havola yaratildi
event-link_revoked = havola bekor qilindi
event-link_used = havola orqali olindi
event-invited = yuklashga taklif qilindi
event-invitation_revoked = taklif bekor qilindi
event-not_needed = kerak emas deb belgilandi
event-needed_again = baribir kerak ekan
event-request_opened = ariza ochildi
event-event_redelivered = xabarnoma qayta yuborildi
event-other = { $action }
field-filename = nomi
field-description = tavsifi
field-category = turi
field-tags = teglari
field-external_id = tashqi raqami
field-expires_at = muddati
who-system = Mediagate
who-link = havolasi bor kishi
who-invitation = taklif qilingan kishi
who-somebody = kimdir
