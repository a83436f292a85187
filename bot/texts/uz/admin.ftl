# Administratorlar buyruqlari, menyuda koʻrinishicha

command-status = Administratorlar uchun: ahvol qanday
command-channels = Administratorlar uchun: fayllar qayerda saqlanadi
command-staff = Administratorlar uchun: xodimlar
command-keys = Administratorlar uchun: xizmatlar kalitlari
command-block = Administratorlar uchun: kimga javob bermayman
command-setup = Administratorlar uchun: bosqichma-bosqich sozlash

# Odamlarni kiritadigan havolalar

invite-uses = { $count ->
    [one] U orqali { $count } kishi kira oladi. Boshqa son kerakmi? Masalan, <code>/invite 5</code> deb yozing.
   *[other] U orqali { $count } kishi kira oladi. Boshqa son kerakmi? Masalan, <code>/invite 5</code> deb yozing.
}
invite-over = Bu havolaning muddati tugagan yoki undan foydalanilgan. Iltimos, yangisini soʻrang.
invite-over-known = Bu havolaning muddati tugagan yoki undan foydalanilgan. Sizga u kerak ham emas: biz allaqachon tanishmiz. Nimalar qila olaman: /help
arrived-admin = Xush kelibsiz, { $name }! Endi siz bu botning administratorisiz.
arrived-staff = Xush kelibsiz, { $name }! Endi siz xodimsiz. Nimalar qilish mumkin: /help

# Sozlash

setup-title = <b>Sozlash</b>
setup-done = <b>Hammasi sozlandi.</b> Bundan keyin: /channels, /staff, /keys, /status
setup-step-archive = barcha fayllar saqlanadigan kanal
setup-step-backup = zaxira nusxalar uchun kanal
setup-step-staff_group = xodimlar guruhi: kim unda boʻlsa, oʻsha xodim
setup-step-passphrase = tiklash iborasi
setup-later = Quyidagi tugmani bosing; oʻsha yerda yangi kanal yoki guruh ham ochish mumkin. Istalgan vaqtda davom ettiring: /setup
setup-passphrase = Yana bir narsa: agar bu server yoʻqolsa, zaxira nusxalarni tiklash iborasi ochadi. Men uni bir marta koʻrsataman va saqlamayman, shuning uchun qogʻoz-qalam tayyorlang.
key-archive = 📦 Fayllar kanalini tanlash
key-backup = 💾 Zaxira kanalini tanlash
key-staff-group = 👥 Xodimlar guruhini tanlash
key-any-channel = 📦 Kanal tanlash
key-people = 👤 Odamlarni tanlash
button-passphrase = 🔑 Iborani koʻrsatish
secret-coming = Bir soniya…
passphrase = { $seconds ->
    [one] Tiklash iborangiz. Hozir yozib oling: bu xabar { $seconds } soniyadan keyin yoʻqoladi.

    <code>{ $passphrase }</code>
   *[other] Tiklash iborangiz. Hozir yozib oling: bu xabar { $seconds } soniyadan keyin yoʻqoladi.

    <code>{ $passphrase }</code>
}
passphrase-made = Ibora allaqachon bor va u faqat bir marta koʻrsatiladi. Agar yoʻqolgan boʻlsa, serverda ishga tushiring: mediagate setup --new-passphrase
staff-group-bound = Xodimlar guruhi: <b>{ $title }</b>. Kim unda boʻlsa, chiqib ketguncha xodim hisoblanadi.
staff-group-fixed = <b>{ $title }</b> guruhi eslab qolindi, lekin MEDIAGATE_STAFF_CHAT sozlamasida boshqasi koʻrsatilgan va oʻsha amal qiladi.
staff-group-not-in = Men bu guruhda yoʻqman. Iltimos, meni qoʻshing va uni yana bir bor tanlang.
staff-group-no-admin = <b>{ $title }</b> guruhida men administrator emasman, shuning uchun hamma aʼzolarni koʻrmasligim mumkin. Meni administrator qiling, alohida huquq kerak emas.

# Kanallar

purpose-requests = 📦 Arizalar
purpose-reports = 📝 Hisobotlar
purpose-archive = 🗄 Arxiv
purpose-backup = 💾 Zaxira
purpose-access = 🚗 Kirish-chiqish
channels-title = { $count ->
    [one] <b>{ $count } ta kanal</b>
   *[other] <b>{ $count } ta kanal</b>
}
channels-none = Hozircha fayllarni saqlaydigan joyim yoʻq. Yopiq kanal oching va meni administrator qiling; quyidagi tugma ikkalasini ham bajaradi.
channel-line = { $sign } <b>{ $title }</b> – { $purposes }
channel-no-purpose = yangi fayllar bu yerga tushmaydi
channel-parts = { $count ->
    [one] faylli { $count } ta xabar
   *[other] faylli { $count } ta xabar
}
channel-members = { $count ->
    [one] { $count } ta aʼzo
   *[other] { $count } ta aʼzo
}
channel-checked = Tekshirilgan: { $at }
channel-offer = Men <b>{ $title }</b> kanalining administratori boʻldim. U yerda nimani saqlay?
channel-chosen = Rahmat, koʻrdim.
channel-add = Quyidagi tugma bilan kanal tanlang yoki yangisini oching. Men faqat kerakli huquqlarni olaman.
channel-bound = Endi <b>{ $title }</b> ishlatiladi: { $purpose }. Boshqa joyda saqlanganlar oʻsha yerda qoladi va avvalgidek topiladi.
channel-same = <b>{ $title }</b> allaqachon ishlatilmoqda: { $purpose }.
channel-fixed = { $purpose }: kanal MEDIAGATE_CHANNELS sozlamasida koʻrsatilgan. Iltimos, oʻsha yerda oʻzgartiring.
channel-unfit = <b>{ $title }</b> kanali hozircha toʻgʻri kelmaydi:
channel-problem-gone = Men endi u yerda yoʻqman. Meni yana administrator qiling: xabar joylash, tahrirlash va oʻchirish huquqlari bilan.
channel-problem-not_a_channel = Bu kanal emas. Iltimos, kanal tanlang.
channel-problem-no_admin = Men administrator emasman. Meni administrator qiling: xabar joylash, tahrirlash va oʻchirish huquqlari bilan.
channel-problem-no_post = Menga xabar joylash mumkin emas. Kanal → Administratorlar → men → Xabar joylash.
channel-problem-no_edit = Menga xabarlarni tahrirlash mumkin emas. Kanal → Administratorlar → men → Boshqalarning xabarlarini tahrirlash.
channel-problem-no_delete = Menga xabarlarni oʻchirish mumkin emas. Kanal → Administratorlar → men → Boshqalarning xabarlarini oʻchirish.
channel-problem-public = Kanal ommaviy: uni hamma oʻqiy oladi. Kanal → Tahrirlash → Kanal turi → Shaxsiy.
channel-problem-linked = Kanalga muhokama guruhi ulangan, u har bir faylni koʻradi. Kanal → Tahrirlash → Muhokama → Guruhni uzish.
channel-problem-protected = Nusxa olish taqiqlangan, shuning uchun u yerdan hech narsa ola olmayman. Kanal → Tahrirlash → Kanal turi → nusxa olishga ruxsat bering.
channel-unbound = Yangi fayllar bu yerga tushmaydi. Saqlanganlari qoladi.
channel-not-unbound = Hech narsa oʻzgarmadi: kanal MEDIAGATE_CHANNELS sozlamasida koʻrsatilgan yoki ishlatilmayapti.
channel-unknown = Bu kanalni endi bilmayman.
channel-ignored = Yaxshi, <b>{ $title }</b> kanalida hech narsa saqlamayman. Fikringiz oʻzgarsa: /channels
button-add-channel = ➕ Kanal qoʻshish
button-unbind = ⏏️ Yangi fayllarni bu yerga qoʻymaslik
button-back = ‹ Orqaga
button-no-purpose = Hech nima
button-check-again = 🔄 Yana tekshirish
button-all-channels = Barcha kanallar

# Xodimlar

role-user = foydalanuvchi
role-staff = xodim
role-admin = administrator
staff-title = { $count ->
    [one] <b>Roli bor { $count } kishi</b>
   *[other] <b>Roli bor { $count } kishi</b>
}
staff-line = <b>{ $name }</b> – { $role } · <code>{ $id }</code>
staff-line-fixed = <b>{ $name }</b> – { $role } (sozlamalar boʻyicha) · <code>{ $id }</code>
staff-line-blocked = 🚫 <b>{ $name }</b> – { $role } · <code>{ $id }</code>
staff-how = Qoʻshish uchun: quyida tanlang, menga kontaktini yuboring, uning xabariga /staff deb javob yozing yoki havola bering. Rolni oʻzgartirish uchun ismni bosing.
staff-choose = Quyidagi tugma bilan oʻntagacha odam tanlang, ular xodim boʻladi.
staff-who = Bu kimning xabari ekanini koʻrmayapman. Shaxsiy chatimizda /staff orqali tanlang.
staff-no-telegram = Bu kontakt Telegramda yoʻq, kiritadigan odam yoʻq. Havola yordam beradi: /staff
staff-link = { $days ->
    [one] Bu havolani birinchi ochgan kishi xodim boʻladi. U { $days } kun amal qiladi. { $link }
   *[other] Bu havolani birinchi ochgan kishi xodim boʻladi. U { $days } kun amal qiladi. { $link }
}
only-private = Iltimos, buni menga shaxsiy chatda yozing.
list-more = { $count ->
    [one] …va yana { $count } ta
   *[other] …va yana { $count } ta
}
person-unknown = Bu odamni tanimayman: u menga hech yozmagan.
person-named = <b>{ $name }</b>:
person-is-admin = <b>{ $name }</b> allaqachon administrator.
person-now-staff = <b>{ $name }</b> endi xodim.
person-now-user = <b>{ $name }</b> endi xodim emas.
role-change-done = Tayyor.
role-change-same = shundoq ham shunday edi.
role-change-fixed = rol sozlamalarda koʻrsatilgan va oʻsha yerda oʻzgartiriladi.
role-change-last_admin = bu yagona administrator. Avval boshqasini tayinlang.
role-change-unknown = Bu odamni tanimayman: u menga hech yozmagan.
button-make-admin = ⭐ Administrator qilish
button-make-staff = 👷 Xodim qilish
button-make-user = ✖️ Rolni olib tashlash
button-choose-people = 👤 Odamlarni tanlash
button-staff-link = 🔗 Xodim uchun havola
button-links = Ochiq havolalar
button-all-staff = Barcha xodimlar
links-title = <b>Ochiq havolalar</b>
links-none = Ochiq havola yoʻq.
links-line = { $left ->
    [one] <code>{ $id }</code> – { $role }, yana { $left } kishi uchun, { $until } gacha
   *[other] <code>{ $id }</code> – { $role }, yana { $left } kishi uchun, { $until } gacha
}
link-ended = Havola yopildi.
link-unknown = Bunday havola yoʻq.
button-end-link = ✖️ Yopish: { $id }

# Bloklash

block-how = Bloklash uchun odamning xabariga /block deb javob yozing yoki <code>/block @name</code>, <code>/block 12345</code> deb yozing. Qaytarish: /unblock
block-admin = <b>{ $name }</b> administrator, uni bloklab boʻlmaydi.
blocked-none = Hech kim bloklanmagan.
blocked-title = { $count ->
    [one] <b>{ $count } kishi bloklangan</b>
   *[other] <b>{ $count } kishi bloklangan</b>
}
person-blocked = <b>{ $name }</b> bloklandi: javob bermayman va yuborganlarini saqlamayman.
person-unblocked = <b>{ $name }</b> blokdan chiqarildi.
button-block = 🚫 Bloklash
button-unblock = Blokdan chiqarish
button-unblock-name = Blokdan chiqarish: { $name }

# Xizmatlar kalitlari

keys-title = { $count ->
    [one] <b>{ $count } ta kalit amal qilmoqda</b>
   *[other] <b>{ $count } ta kalit amal qilmoqda</b>
}
keys-none = Hozircha hech bir xizmatda kalit yoʻq.
keys-line = <code>{ $id }</code> <b>{ $name }</b> { $prefix }… – { $scopes }
keys-forever = muddatsiz
keys-until = { $at } gacha
keys-unused = ishlatilmagan
keys-used = oxirgi marta { $at }
keys-how = Yangi kalit: /keys va xizmat nomini yozing, masalan <code>/keys crm</code>
keys-name = Xizmat nomida 64 tagacha lotin harfi, raqam, nuqta, chiziqcha va pastki chiziq boʻladi, masalan <code>/keys crm</code>
keys-draft = <b>{ $name } uchun kalit</b>
    Ruxsat: { $scopes }
    Muddat: { $expiry }
keys-no-scopes = hozircha hech nima
keys-needs-scope = Kalitga ruxsat etilgan kamida bitta ishni belgilang.
keys-draft-gone = Bu allaqachon tugagan yoki bekor qilingan. Qaytadan boshlang: /keys
keys-dropped = Yaxshi, kalit yaratilmadi.
keys-made = <b>{ $name }</b> uchun kalit yaratildi. Barcha kalitlar: /keys
keys-secret = { $seconds ->
    [one] <b>{ $name }</b> uchun kalit. Hozir nusxa oling: bu xabar { $seconds } soniyadan keyin yoʻqoladi.

    <code>{ $secret }</code>
   *[other] <b>{ $name }</b> uchun kalit. Hozir nusxa oling: bu xabar { $seconds } soniyadan keyin yoʻqoladi.

    <code>{ $secret }</code>
}
keys-sure = <b>{ $name }</b> xizmatining { $id }-kaliti ({ $prefix }…) rostdan bekor qilinsinmi? Undan foydalanadigan hamma narsa yarim daqiqada ishlamay qoladi.
keys-revoked = Kalit bekor qilindi.
keys-unknown = Bunday kalit yoʻq.
expiry-never = muddatsiz
expiry-days = { $days ->
    [one] { $days } kun
   *[other] { $days } kun
}
button-expiry = ⏳ Muddat: { $expiry }
button-make-key = 🔑 Kalit yaratish
button-drop = Bekor qilish
button-revoke-key = ✖️ { $id } { $name }
button-revoke-sure = ✖️ Ha, bekor qilinsin

# Ahvol qanday

status-title = <b>Holat</b>, { $at }
status-queue = { $count ->
    [one] Navbat: { $count } qism, { $size }
   *[other] Navbat: { $count } qism, { $size }
}
status-queue-empty = Navbat: boʻsh, hammasi Telegramda
status-oldest = { $seconds ->
    [one] Eng koʻp kutgani: { $seconds } soniya
   *[other] Eng koʻp kutgani: { $seconds } soniya
}
status-inbox = { $count ->
    [one] Navbatdagi yangilanishlar: { $count }
   *[other] Navbatdagi yangilanishlar: { $count }
}
status-spool = Bufer: { $size }, { $percent } %
status-flood = { $seconds ->
    [one] Telegram tanaffusi: { $title }, yana { $seconds } soniya
   *[other] Telegram tanaffusi: { $title }, yana { $seconds } soniya
}
status-no-flood = Telegram tanaffuslari: yoʻq
status-database = Maʼlumotlar bazasi: { $milliseconds } ms
status-only-telegram = { $count ->
    [one] Faqat Telegram bera oladi: { $count } ta fayl
   *[other] Faqat Telegram bera oladi: { $count } ta fayl
}
status-no-alerts = Ogohlantirishlar: yoʻq
status-alerts = { $count ->
    [one] <b>{ $count } ta ogohlantirish</b>
   *[other] <b>{ $count } ta ogohlantirish</b>
}
status-alert = { $minutes ->
    [one] { $text } ({ $minutes } daqiqa)
   *[other] { $text } ({ $minutes } daqiqa)
}
status-no-incidents = Nosozliklar: yoʻq
status-incidents = <b>Oxirgi nosozliklar</b>
status-incident = { $at } { $error } ({ $door }) <code>{ $id }</code>
button-refresh = 🔄 Yangilash

# Ogohlantirishlar: boshlanganda bitta xabar, tugaganda yana oʻsha xabar

alert-channel = ⚠️ <b>{ $title } kanali</b>: keraklicha ishlay olmayapman.
alert-channel-over = ✅ <b>{ $title } kanali</b> yana joyida ({ $since } – { $until }).
alert-members = { $count ->
    [one] 👀 <b>{ $title } kanali</b>: { $count } ta yangi aʼzo, jami { $members }. Kanaldagilar barcha fayllarni koʻradi.
   *[other] 👀 <b>{ $title } kanali</b>: { $count } ta yangi aʼzo, jami { $members }. Kanaldagilar barcha fayllarni koʻradi.
}
alert-database_slow = ⚠️ <b>Maʼlumotlar bazasi sekin</b>: oddiy soʻrovga { $milliseconds } ms. Server bandmi, disk toʻlganmi?
alert-database_slow-over = ✅ <b>Maʼlumotlar bazasi yana tez</b> ({ $since } – { $until }).
alert-database_away = ⛔️ <b>Maʼlumotlar bazasi javob bermayapti</b>, { $since } dan beri. Hozircha hech narsa qabul qilmayman. PostgreSQL ishlayaptimi?
alert-database_away-over = ✅ <b>Maʼlumotlar bazasi yana ishlayapti</b> ({ $since } – { $until }). Shu orada yuborilganlar hozir keladi.
alert-spool = ⚠️ <b>Bufer { $percent } % toʻldi</b> ({ $node }). Toʻlib qolsa, Telegram bir qismini olmaguncha yuklashlar kutadi. Koʻproq joy: MEDIAGATE_SPOOL_MAX_BYTES
alert-spool-over = ✅ <b>Buferda yana joy bor</b> ({ $since } – { $until }).
alert-telegram_away = ⛔️ <b>Telegram javob bermayapti</b>, { $since } dan beri. Kelganlar shu yerda kutadi va yoʻqolmaydi.
alert-telegram_away-over = ✅ <b>Telegram yana javob bermoqda</b> ({ $since } – { $until }).
alert-conflict = ⛔️ <b>Yangilanishlarimni boshqa birov olmoqda</b>: shu bot tokeni bilan boshqa jarayon ishlayapti, shuning uchun baʼzi xabarlar menga yetib kelmaydi. Mediagate ikki marta ishga tushganmi yoki tokenni begona biladimi? Unda @BotFather /revoke buyrugʻi bilan yangisini beradi.
alert-conflict-over = ✅ <b>Yangilanishlarni yana faqat men olaman</b> ({ $since } – { $until }).
alert-errors = 🐞 <b>Kutilmagan hodisa</b>: { $error } ({ $door }). Nosozlik raqami <code>{ $incident }</code>
alert-errors-over = ✅ <b>{ $error }</b>: bir soat ichida takrorlanmadi.
alert-silence = ⚠️ <b>Bir sutkadan koʻproq yoʻq edim.</b> Telegram xabarlarni faqat 24 soat saqlaydi, shuning uchun { $at_from } va { $at_to } orasida yuborilganlar menga yetib kelmadi. Undan sal oldin yozganlarga aytaman.
alert-silence_people = Bir muddat yoʻq edim. { $at_from } va { $at_to } orasida yuborganlaringiz menga yetib kelmadi, uzr. Iltimos, yana bir bor yuboring.
alert-digest = <b>Kecha, { $date }</b>
    Yangi fayllar: { $new }
    Arizalarga biriktirildi: { $attached }
    Muvaffaqiyatsiz: { $failed }

    <b>Hozir</b>
    Ariza kutmoqda: { $waiting }
    Telegram yoʻlida: { $spooled }
    Yoʻqolgan: { $lost }
