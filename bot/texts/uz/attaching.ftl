# Commands, as the menu shows them

command-report = Ish bajarildi: javob qilib /report yoki /report 250926-001
command-detach = Faylga javob qilib: uni arizadan olib tashlash
command-move = Faylga javob qilib: /move 250926-002
command-done = Bu ariza boʻyicha hammasi shu

# Buttons

button-before = 📷 Oldin
button-after = ✅ Keyin
button-other-number = 🔢 Boshqa raqam
button-unattach = ↩️ { $number } emas
button-done = ✅ Hammasi shu

# Attaching

attach-before = { $number } · oldin
attach-after = { $number } · keyin
attach-chosen = Biriktirildi: { $number }
attach-ask-number = Qaysi arizaga? Raqamini yozing: <code>250926-001</code> yoki bugungi birinchisi boʻlsa, shunchaki <code>1</code>.
attach-help =
    Faylga javob qilib <code>/attach 250926-001</code> deb yozing. Alohida yozsangiz, keyin yuborganlaringizning hammasi shu arizaga tushadi.
    Birdaniga bir nechtasi: <code>/attach 250926-001 oxirgi 5</code>
attach-no-last = Bu yerga hali hech narsa yubormagansiz.
attach-undone = { $count ->
    [one] Bekor qilindi: { $count } ta fayl avvalgi holida.
   *[other] Bekor qilindi: { $count } ta fayl avvalgi holida.
}
attach-undone-popup = Hammasi avvalgidek.
attach-undo-too-late = Bu yerda bekor qiladigan narsa qolmagan.
report-help = Faylga javob qilib <code>/report 250926-001</code> deb yozing. Yoki alohida yozing-u, keyin bajarilgan ish suratlarini yuboring.
detach-help = Faylga javob qilib <code>/detach</code> deb yozing yoki fayllarni ayting: <code>/detach 17 18</code>
detach-done = { $count ->
    [one] { $count } ta fayl endi { $numbers } arizasiga tegishli emas.
   *[other] { $count } ta fayl endi { $numbers } arizasiga tegishli emas.
}
detach-nothing = Olib tashlaydigan narsa yoʻq: fayl u yerga biriktirilmagan.
move-help = Faylga javob qilib <code>/move 250926-002</code> deb yozing yoki fayllarni ayting: <code>/move 250926-002 17 18</code>
move-done = { $count ->
    [one] { $count } ta fayl endi { $number } arizasida.
   *[other] { $count } ta fayl endi { $number } arizasida.
}
move-nothing = Koʻchiradigan narsa yoʻq: fayl allaqachon { $number } arizasida yoki siz aytganida boʻlmagan.

# Sessions

session-open = { $minutes ->
    [one] Bu yerga yuborganlaringizning hammasi endi <b>{ $number }</b> arizasiga tushadi. Tugatdingizmi – /done. { $minutes } daqiqa jim tursangiz, oʻzim yakunlayman.
   *[other] Bu yerga yuborganlaringizning hammasi endi <b>{ $number }</b> arizasiga tushadi. Tugatdingizmi – /done. { $minutes } daqiqa jim tursangiz, oʻzim yakunlayman.
}
session-summary = { $count ->
    [one] Tayyor: <b>{ $number }</b> arizasida sizdan { $count } ta fayl.
   *[other] Tayyor: <b>{ $number }</b> arizasida sizdan { $count } ta fayl.
}
session-empty = Tayyor: <b>{ $number }</b> arizasiga hech narsa yuborilmadi.
session-none = Hozir ochiq narsa yoʻq. Bunday boshlang: <code>/attach 250926-001</code>
