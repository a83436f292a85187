# Buyruqlar, menyuda koʻrinishicha

command-find = Fayllaringizdan qidirish: /find suv #shoshilinch
command-link = Faylga havola: /link 17 24
command-usage = Qancha yuborganingiz
command-lang = Tilni tanlash
command-cancel = Boshlangan ishni toʻxtatish
command-privacy = Nimalarni saqlayman va qanday oʻchiriladi

# Til, birinchi salomlashganda

start-language = 🌐 Tilni tanlang · Выберите язык · Choose a language

# Kartochka

card-words = 📝 { $words }
button-describe = ✏️ Tavsiflash
button-attach = 📎 Arizaga
button-cancel = ✖️ Kerak emas
button-upload-page = ⬆️ Yuklash sahifasi

# Fayllar yonidagi soʻzlar

words-wait = Yozib qoʻydim ✍️ Uch daqiqa ichida foto yoki video yuboring, bu soʻzlar unga tavsif boʻladi.
words-wait-number = Yozib qoʻydim ✍️ Uch daqiqa ichida foto yoki video yuboring, u { $number } arizaga tushadi.
describe-ask = { $count ->
    [one] U yerda nima koʻrinadi? Bitta xabarda yozing, faylga qoʻshib qoʻyaman.
   *[other] U yerda nima koʻrinadi? Bitta xabarda yozing, { $count } ta faylning hammasiga qoʻshib qoʻyaman.
}
describe-words-only = Bu yerda bir necha soʻz kerak, masalan: shiftdan suv tomyapti.
describe-done = { $count ->
    [one] ✍️ Tayyor: tavsif faylga qoʻshildi.
   *[other] ✍️ Tayyor: tavsif { $count } ta faylga qoʻshildi.
}
number-ask = { $count ->
    [one] Bu qaysi arizaga tegishli? Raqamini yozing: 250926-001, bugungi birinchi ariza uchun shunchaki 1.
   *[other] Bu { $count } ta fayl qaysi arizaga tegishli? Raqamini yozing: 250926-001, bugungi birinchi ariza uchun shunchaki 1.
}
number-not-seen = Bu yerda ariza raqamini koʻrmayapman. U bunday boʻladi: 250926-001, bugungi birinchi ariza uchun shunchaki 1.
cancel-done = Yaxshi, shu yerda toʻxtaymiz.
cancel-nothing = Toʻxtatadigan narsa yoʻq. Menga fayl yuboring yoki /help ga qarang.

# Roʻyxatlar va qidiruv

my-filtered = { $count ->
    [one] <b>{ $what }: { $count }</b>
   *[other] <b>{ $what }: { $count }</b>
}
my-filtered-empty = <b>{ $what }</b>: hozircha hech narsa yoʻq.
my-choose = Koʻrsatish…
my-choose-title = Nimani koʻrsatay?
my-all = Hammasi
my-photos = Fotolar
my-videos = Videolar
my-documents = Boshqa fayllar
my-waiting = Arizasiz
my-by-request = Arizalar boʻyicha
my-of-request = Ariza { $number }
my-requests-title = Arizalar boʻyicha fayllaringiz. Tanlang:
my-requests-empty = Hali birorta faylingiz arizaga biriktirilmagan. Biriktirish uchun faylga ariza raqami bilan javob yozing.
find-usage = Nimani qidiray? Soʻzlar, #teglar yoki ariza raqami: <code>/find suv #shoshilinch</code>
find-title = { $count ->
    [one] <b>“{ $words }” boʻyicha topildi: { $count }</b>
   *[other] <b>“{ $words }” boʻyicha topildi: { $count }</b>
}
find-empty = “{ $words }” boʻyicha hech narsa topilmadi. Kamroq yoki boshqa soʻzlar bilan urinib koʻring yoki /my ga qarang.
find-over = Bu qidiruv eskirgan. Iltimos, uni qaytadan yozing: <code>/find</code>

# Qancha yuborilgan

usage-title = { $count ->
    [one] Siz { $count } ta fayl yuborgansiz, jami { $size }.
   *[other] Siz { $count } ta fayl yuborgansiz, jami { $size }.
}
usage-line = { $icon } { $kind }: { $count }, { $size }
usage-quota-day-bytes = Bugun: { $limit } dan { $used }
usage-quota-day-files = Bugungi fayllar: { $limit } tadan { $used } ta
usage-quota-total-bytes = Jami: { $limit } dan { $used }
usage-quota-total-files = Jami fayllar: { $limit } tadan { $used } ta

# Havolalar

link-usage = Fayl raqamini va necha soatga kerakligini yozing: <code>/link 17 24</code>
link-hours-wrong = Necha soatga? 1 dan { $most } gacha: <code>/link 17 24</code>
link-done = { $hours ->
    [one] Bu havola bilan istalgan kishi { $id }-faylni { $hours } soat davomida ocha oladi:
   *[other] Bu havola bilan istalgan kishi { $id }-faylni { $hours } soat davomida ocha oladi:
}
link-web = 🌐 { $url }
link-telegram = ✈️ Telegramda: { $url }
link-local = Bu yerda veb-havola bera olmayman: bu kompyuterga tashqaridan kirib boʻlmaydi. Administrator buni PUBLIC_URL sozlamasi bilan oʻzgartirishi mumkin.
link-only-telegram = Fayl veb uchun juda katta, shuning uchun havola faqat Telegramda.
link-old = Havolaning muddati tugagan yoki u toʻliq emas. Uni bergan kishidan yangisini soʻrang.

# Maxfiylik

privacy =
    <b>Nimalarni saqlayman</b>
    Siz yuborgan fayllar, ularning nomi, soʻzlaringiz va teglaringiz, yuborilgan vaqti va qaysi arizalarga tegishliligi. Siz haqingizda: Telegram raqamingiz, ismingiz va tilingiz. Xodimlar arizaga tegishli yoki ariza kutayotgan fayllarni koʻradi.

    <b>Oʻchirish nimani anglatadi</b>
    Oʻchirilgan fayl arxivimdan yoʻqoladi. Men yeta olmaydigan narsalar: suhbatimizdagi xabarlar, kimdir uzatgan xabarlar va faylning Telegramdagi eski identifikatorlari – ular fayldan keyin ham bir muncha vaqt qolishi mumkin. Nimadir oʻchirilgani oʻzgarishlar jurnalida qoladi.

    <b>Nima qila olasiz</b>
    Hamma narsaning roʻyxatini olish yoki hammasini oʻchirish.
button-list-everything = 📄 Hammasining roʻyxati
button-delete-everything = 🗑 Yuborganlarimning hammasini oʻchirish
button-delete-everything-sure = 🗑 Ha, hammasini oʻchirish
delete-everything-ask = { $count ->
    [one] Siz yuborgan { $count } ta fayl oʻchiriladi, { $size }. Rostdanmi?
   *[other] Siz yuborgan { $count } ta faylning hammasi oʻchiriladi, { $size }. Rostdanmi?
}
delete-everything-nothing = Bu yerda sizning oʻchiriladigan narsangiz yoʻq.
delete-everything-done = { $seconds ->
    [one] Oʻchirildi: { $count }. Buni { $seconds } soniya ichida bekor qilish mumkin.
   *[other] Oʻchirildi: { $count }. Buni { $seconds } soniya ichida bekor qilish mumkin.
}
restore-everything-done = Qaytarildi: { $count }.
restore-everything-late = Bekor qilish uchun kech: fayllar oʻchirilgan.
list-caption = { $count ->
    [one] Yuborganlaringizning hammasi: { $count } ta fayl.
   *[other] Yuborganlaringizning hammasi: { $count } ta fayl.
}
list-heading = Fayllar: { $name }
list-columns = ID | yuborilgan | nomi | turi | bayt | arizalar | teglar | tavsif

# Keyingi yangiliklar

told-attached = { $count ->
    [one] 📎 Faylingiz { $number } arizaga biriktirildi.
   *[other] 📎 { $count } ta faylingiz { $number } arizaga biriktirildi.
}
told-report = ✅ { $number } ariza: ish bajarildi. Mana hisobot.
told-report-plain = ✅ { $number } ariza: ish bajarildi.

# Ikki marta yuborilgan fayl

card-duplicate-here = Mana u: yuqoridagi iqtibosni yoki tugmani bosing.

# Notoʻgʻri buyruqlar

delete-undo-late = Bekor qilish uchun kech.
