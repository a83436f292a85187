# Xodimlar chati: nima arizani kutmoqda

command-waiting = Xodimlarga: arizasini kutayotgan fayllar

staff-card-one = { $icon } <b>{ $name }</b> · { $kind } · ID { $id }
staff-card-album = { $count ->
    [one] { $icon } <b>{ $name }</b> · { $count } ta fayl · ID { $id }
   *[other] { $icon } <b>{ $name }</b> · { $count } ta fayl · ID { $id }
}
staff-card-empty = 🗑 <b>{ $name }</b>
staff-card-words = { $words }
staff-card-attached = → <b>{ $number }</b>, { $name }, { $time }
staff-card-not-needed = ✖️ Ariza kerak emas: { $name }, { $time }
staff-card-gone = Yuboruvchi oʻchirib tashladi.

staff-button-number = № Boshqa raqam
staff-button-new = ➕ Yangi ariza
staff-button-reply = 💬 Javob berish
staff-button-drop = ✖️ Kerak emas
staff-button-more = { $count ->
    [one] Keyingisini koʻrsatish
   *[other] Keyingi { $count } tasini koʻrsatish
}
staff-summary = { $count ->
    [one] <b>Yana { $count } ta</b> ariza kutmoqda.
   *[other] <b>Yana { $count } ta</b> ariza kutmoqda.
}

staff-attached-popup = → { $number }
staff-dropped-popup = Roʻyxatdan olindi. Fayllar saqlanadi.
staff-reopened-popup = Yana arizasini kutmoqda.
staff-nothing-to-undo = Endi bekor qiladigan narsa yoʻq.
staff-more-popup = { $count ->
    [0] Boshqa kutayotgani yoʻq.
    [one] Yana { $count } tasi kelmoqda.
   *[other] Yana { $count } tasi kelmoqda.
}
staff-decided-attached = { $name } ulgurdi: → { $number }, { $time }
staff-decided-not-needed = { $name } ulgurdi: ariza kerak emas, { $time }
staff-decided-gone = Yuboruvchi buni oʻchirib tashlagan.
staff-decided-open = Arizasi hali tanlanmagan.

staff-waiting-none = Ariza kutayotgan narsa yoʻq. 👌
staff-waiting-title = { $count ->
    [one] <b>Ariza kutmoqda: { $count } ta</b>
   *[other] <b>Ariza kutmoqda: { $count } ta</b>
}
staff-waiting-line = { $time } · { $name } – { $words }
staff-waiting-files = { $count ->
    [one] { $count } ta fayl
   *[other] { $count } ta fayl
}
staff-waiting-more = { $count ->
    [one] …va yana { $count } ta
   *[other] …va yana { $count } ta
}

staff-number-ask = { $sender } yuborgan fayllar qaysi arizaga tegishli? Raqamini javob qilib yozing: 250926-001, yoki 1 – bugungi birinchisi.
staff-number-wrong = Bu ariza raqami emas. U shunday boʻladi: 250926-001, yoki 1 – bugungi birinchisi.
staff-number-hint = 250926-001
staff-answer-ask = { $sender }ga nima deb yetkazay? Matn, rasm yoki fayl bilan javob bering.
staff-answer-hint = Javobingiz
staff-answer = 💬 <b>{ $name }</b>: { $text }

    Javob yozish uchun shu xabarga javob bering.
staff-answer-file = 💬 <b>{ $name }</b> { $text }
staff-answer-sent = { $sender }ga yuborildi.
staff-answer-blocked = { $sender }ga yetkazib boʻlmadi: u botni bloklagan yoki hisobini oʻchirgan.
staff-answer-back = 💬 <b>{ $name }</b>: { $text }

# Guruhlar

alert-group_lost = ⚠️ <b>Meni { $title } guruhidan chiqarib tashlashdi</b>. Endi u yerga yozmayman; bu xato boʻlsa, meni qayta qoʻshing.
group-cure =
    Bu yerda men faqat buyruqlarni va menga yozilgan javoblarni koʻraman. Ariza raqami bor rasmlarni ham koʻrishim uchun meni administrator qiling yoki @BotFather orqali privacy mode’ni oʻchirib, meni qaytadan qoʻshing.

    Hozircha: rasmga <code>/attach 250926-001</code> deb javob bering.
group-anonymous =
    Bu yerda kim yozayotganini koʻra olmayapman, shuning uchun hech narsa saqlamayman. Iltimos, administrator huquqlaringizda “Anonim qolish”ni oʻchiring yoki matn maydoni yonida oʻzingizni tanlang va qayta yuboring.
