# Buyruqlar, menyuda koʻrinishicha

command-start = Tanishish
command-help = Nimalar qila olaman
command-my = Fayllaringiz
command-get = Faylni qaytarib olish: /get 17
command-delete = Faylni oʻchirish: /delete 17
command-attach = Faylga javoban: arizaga biriktirish
command-request = Xodimlar uchun: ariza fayllari
command-invite = Xodimlar uchun: taklif havolasi
command-language = Tilni tanlash

# Salomlashish va yordam

start =
    Assalomu alaykum, { $name }! Men foto, video va boshqa fayllarni saqlayman va istalgan vaqtda qaytarib beraman.

    Menga bitta yoki birdaniga bir nechta fayl yuboring. Izohda ariza raqami boʻlsa, masalan <code>#250926-001</code>, fayl shu arizaga tushadi.

    /my – fayllaringiz
    /help – nimalar qila olaman
help =
    Foto, video, ovozli xabar yoki istalgan fayl yuboring, albom boʻlsa ham mayli. Men bir marta javob beraman va fayl saqlangach, xabar qilaman.

    <b>Qaysi ariza?</b> Raqamini izohda yozing: <code>#250926-001</code>, bugungisi uchun <code>#001</code> yetarli. Unutdingizmi? Faylga raqam bilan javob yozing. Fayldan oldin yoki keyin yozilgan soʻzlar unga tavsif boʻladi.

    /my – fayllaringiz
    /find suv – ular orasidan qidirish
    /get 17, /delete 17, /link 17 – faylni qaytarib olish, oʻchirish, ulashish
    /attach 250926-001 – keyin yuborganlaringizning hammasi, /done gacha
    /privacy – nimalarni saqlayman va qanday oʻchiriladi
    /lang – tilni tanlash
help-staff =
    <b>Xodimlar uchun</b>
    Foto yuboring va <b>{ button-before }</b> yoki <b>{ button-after }</b> tugmasini bosing: hech narsa yozish shart emas. Guruhda: fotoga /attach 250926-001 deb javob yozing.

    /waiting – arizani kutayotganlar
    /request 250926-001 – arizadagi fayllar
    /attach, /report, /move 250926-002, /detach – javob tarzida: arizaga, bajarilgan ish sifatida, boshqasiga, olib tashlash
    /find suv, /get 17 – barcha fayllardan qidirish, faylni olish
    /history 17 – u bilan nimalar qilingan
    /invite – taklif havolasi
help-admin =
    <b>Administratorlar uchun</b>
    /status – ishlar qanday
    /channels, /staff, /keys – fayllar qayerga tushadi, kim ishlaydi, qaysi xizmatlar
    /block – kimgadir yoʻlni yopish
    /setup – sozlashni boshidan boshlash
send-me-a-file = Menga foto, video yoki boshqa fayl yuboring, saqlab qoʻyaman. Batafsil: /help
unknown-command = Bunday buyruqni bilmayman. Nimalar qila olaman: /help
choose-language = Qaysi tilda gaplashamiz?
language-chosen = Yaxshi, oʻzbekcha gaplashamiz.
choose-group-language = Bu guruhda qaysi tilda gaplashay?
group-language-chosen = Yaxshi, bu guruhda oʻzbekcha gaplashamiz.

# Botdan kim foydalana oladi

not-admitted-invite = Assalomu alaykum! Bu bot kompaniyamiz xodimlari va mijozlari uchun. Iltimos, menejeringizdan ruxsat soʻrang.
not-admitted-contact = Assalomu alaykum! Iltimos, quyidagi tugma orqali telefon raqamingizni yuboring, shunda boshlaymiz.
button-share-contact = 📱 Raqamimni yuborish
contact-welcome = Rahmat, { $name }! Endi menga fayl yuboring. Batafsil: /help
invited-welcome = Xush kelibsiz, { $name }! Endi menga fayl yuboring. Batafsil: /help
invite-link = { $days ->
    [one] Bu havolani mendan foydalanishi mumkin boʻlganlarga bering. U { $days } kun amal qiladi. { $link }
   *[other] Bu havolani mendan foydalanishi mumkin boʻlganlarga bering. U { $days } kun amal qiladi. { $link }
}
contact-not-yours = Bu boshqa odamning kontakti. Iltimos, quyidagi tugma orqali oʻzingiznikini yuboring.

# Kartochka: fayl yoki albomga bitta javob

card-title = { $icon } <b>{ $name }</b>
card-album = { $count ->
    [one] <b>Albom: { $count } ta fayl</b>
   *[other] <b>Albom: { $count } ta fayl</b>
}
card-facts = { $kind }, { $size }
card-facts-no-size = { $kind }
card-id = ID <code>{ $id }</code>
card-requests = { $count ->
    [one] ariza { $numbers }
   *[other] arizalar { $numbers }
}
card-received = Qabul qilindi, saqlanmoqda…
card-waiting = Qabul qilindi va yoʻqolmaydi. Telegram kutilmoqda, bu biroz vaqt olishi mumkin.
card-stored = Saqlandi
card-deleting = Oʻchirildi. Hali bekor qilish mumkin.
card-deleted = Oʻchirildi
card-duplicate = Bu faylni { $date } kuni yuborgansiz, u menda saqlangan.
card-only-here = Fayl veb-sahifa uchun juda katta, lekin uni shu yerda qaytarib beraman: /get { $id }
card-refused = Saqlanmadi: { $reason }
card-more = { $count ->
    [one] …va yana { $count } ta fayl
   *[other] …va yana { $count } ta fayl
}

kind-photo = foto
kind-video = video
kind-audio = audio
kind-voice = ovozli xabar
kind-animation = animatsiya
kind-video_note = videoxabar
kind-sticker = stiker
kind-document = fayl

size-bytes = { $size } B
size-kilobytes = { $size } KB
size-megabytes = { $size } MB
size-gigabytes = { $size } GB

# Tugmalar

button-delete = 🗑 Oʻchirish
button-delete-one = 🗑 Oʻchirish: { $id }
button-undo = ↩️ Bekor qilish
button-undo-one = ↩️ Qaytarish: { $id }
button-get = 📎 { $id }
button-previous = ‹ Orqaga
button-next = Yana ›

# Roʻyxatlar

my-title = { $count ->
    [one] <b>Fayllaringiz: { $count }</b>
   *[other] <b>Fayllaringiz: { $count }</b>
}
my-empty = Siz hali fayl yubormagansiz. Birinchisini yuboring!
list-line = <code>{ $id }</code> { $icon } { $name } – { $facts }
list-page = { $page }-sahifa, jami { $pages }

category-request_photo = ariza fotolari
category-request_video = ariza videolari
category-request_document = ariza hujjatlari
category-report_photo = hisobot fotolari
category-report_video = hisobot videolari
category-report_document = hisobot hujjatlari
category-completion_photo = bajarilgan ish fotolari
category-completion_video = bajarilgan ish videolari
category-completion_document = bajarilgan ish hujjatlari
category-process_video = jarayon videolari
category-avatar = avatarlar
category-access_plate = mashina raqamlari
category-access_overview = kirish joyi koʻrinishi
category-other = boshqalar

# Qaytarib olish

get-usage = Fayl raqamini yozing: <code>/get 17</code>. Uni /my orqali topasiz.
get-not-yet = { $id }-fayl menda, lekin hali Telegramda emas. Iltimos, bir daqiqadan keyin urinib koʻring.
get-parts = { $id }-fayl bitta xabarga sigʻmaydi: u { $count ->
    [one] { $count } ta qismda
   *[other] { $count } ta qismda
} saqlanadi. Uni yuborgan xizmat veb orqali yuklab olishi mumkin.
get-parts-link = { $id }-fayl { $count ->
    [one] { $count } ta qismda
   *[other] { $count } ta qismda
} saqlanadi. Uni veb orqali yuklab oling: { $url }
get-lost = Hozir { $id }-faylga Telegramda yetib boʻlmayapti. Iltimos, keyinroq urinib koʻring.
get-caption = { $name } · ID { $id }
get-caption-request = { $name } · ID { $id } · { $numbers }

# Oʻchirish

delete-usage = Fayl raqamini yozing: <code>/delete 17</code>. Uni /my orqali topasiz.
delete-done = { $seconds ->
    [one] { $id }-fayl oʻchirildi. Buni { $seconds } soniya ichida bekor qilish mumkin.
   *[other] { $id }-fayl oʻchirildi. Buni { $seconds } soniya ichida bekor qilish mumkin.
}
delete-popup = Oʻchirildi. Hozircha bekor qilish mumkin.
restore-done = { $id }-fayl tiklandi.
restore-popup = Tiklandi.

# Arizalar

attach-no-media = U yerda menga tanish fayl yoʻq. Faylning oʻziga yoki unga bergan javobimga javob yozing.
attach-done = { $count ->
    [one] { $number } arizaga { $count } ta fayl biriktirildi.
   *[other] { $number } arizaga { $count } ta fayl biriktirildi.
}
attach-already = Bu { $number } arizaga allaqachon biriktirilgan.

# Nima notoʻgʻri ketishi mumkin

error-other = Nimadir notoʻgʻri ketdi. Iltimos, yana urinib koʻring.
error-incident = Men tomonda xatolik yuz berdi, uzr. U qayd etildi; yordam soʻrasangiz, shu raqamni ayting: <code>{ $incident }</code>
error-input = Buni ishlata olmayman. Tekshirib, yana urinib koʻring.
error-too-large = fayl juda katta
error-too-large-limit = fayl { $limit } dan katta
error-type = bunday turdagi fayllarni saqlamayman
error-contradiction = fayl ichidagisi uning turiga mos emas
error-empty = fayl boʻsh
error-number = <code>{ $value }</code> – ariza raqami emas. U mana bunday koʻrinishda boʻladi: 250926-001.
error-refused = Bunga ruxsatingiz yoʻq.
error-staff-only = Buni faqat xodimlar qila oladi.
error-not-found = Hech narsa topilmadi.
error-media-not-found = Menda bunday fayl yoʻq.
error-deleted = Bu fayl oʻchirilgan.
error-request-not-found = Bunday ariza yoʻq.
error-conflict = Hozir buning iloji yoʻq.
error-only-telegram = Bu faylni faqat shu yerda, Telegramda olish mumkin.
error-busy = Hozir bandman. Iltimos, birozdan keyin urinib koʻring.
error-no-channel = Hozircha fayl saqlaydigan joyim yoʻq. Iltimos, administratorga xabar bering.
error-source = Hozir faylga Telegramda yetib boʻlmayapti. Iltimos, keyinroq urinib koʻring.
error-telegram = Hozir Telegram javob bermayapti. Iltimos, keyinroq urinib koʻring.
error-damaged = fayl Telegramda buzilgan
