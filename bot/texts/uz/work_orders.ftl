# Kompaniyaning arizalar xizmatidagi arizalar.

error-unknown-request = { $value } raqamli ariza yoʻq. Iltimos, raqamni tekshiring
error-request-closed = { $value } raqamli ariza yopilgan, unga yangi fayl qoʻshilmaydi
error-request-service = arizalar xizmati hozir javob bermayapti. Hech narsa oʻzgarmadi; bir daqiqadan soʻng qayta urinib koʻring yoki raqamni tanlang

button-attach-anyway = Baribir biriktirish
override-too-late = Bu ancha oldin edi. Iltimos, qaytadan biriktiring
card-number-refused = ⚠️ Arizasiz saqlandi: { $reason }. Xodimlar koʻrib chiqadi.
wrong-number =
    ⚠️ <b>{ $number }</b> raqamli ariza yoʻq. { $count ->
        [one] Arizalar xizmati javob bermagan paytda unga { $count } ta fayl biriktirilgan.
       *[other] Arizalar xizmati javob bermagan paytda unga { $count } ta fayl biriktirilgan.
    }
wrong-senders = Yuborganlar: { $names }
wrong-ask = { $number } fayllari qaysi arizaga tegishli? Toʻgʻri raqam bilan javob bering.
wrong-detached = Mavjud boʻlmagan { $number } arizasi: { $name } fayllarni ajratdi.
wrong-moved = Mavjud boʻlmagan { $number } arizasi: { $name } fayllarni <b>{ $to }</b> arizasiga koʻchirdi.
wrong-exists = { $number } arizasi bor ekan. Hammasi oʻz oʻrnida qoladi.
wrong-empty = { $number } arizasiga endi hech narsa biriktirilmagan.
button-wrong-move = № Boshqa arizaga
button-wrong-detach = ✖️ Ajratish
order-button = { $number } · { $title }
order-button-mine = 👷 { $number }
order-button-mine-titled = 👷 { $number } · { $title }
order-title = <b>{ $title }</b>
order-named = { $number } · { $title }
order-state-open = 🟢 ochiq
order-state-new = 🟢 yangi
order-state-in_progress = 🛠 bajarilmoqda
order-state-waiting = ⏸ kutmoqda
order-state-closed = 🔒 yopilgan
order-state-done = 🔒 bajarilgan
order-state-cancelled = 🔒 bekor qilingan
order-open = 🟢 { $state }
order-closed = 🔒 { $state }, yopilgan
order-address = 📍 { $address }
order-assigned = 👷 { $names }
order-no-files = Hozircha fayl yoʻq.
order-unverified = ⏳ Arizalar xizmati bu raqamni hali tasdiqlamadi.
event-request_renamed = ariza boshqa raqam oldi
event-request_merged = ariza boshqasiga qoʻshildi
request-now = { $former } endi { $number }.
