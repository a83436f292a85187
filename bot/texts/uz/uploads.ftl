# Havola orqali yuklash va uning kartasi

upload-offer =
    { $files ->
        [one] Quyidagi tugma orqali { $until } gacha menga { $size } gacha boʻlgan { $files } ta fayl yuborishingiz mumkin.
       *[other] Quyidagi tugma orqali { $until } gacha menga har biri { $size } gacha boʻlgan { $files } tagacha fayl yuborishingiz mumkin.
    }
    Sahifa yomon aloqada ham ishlaydi va toʻxtagan joyidan davom etadi. Qanchasi kelganini shu yerda koʻrsatib boraman.
upload-offer-number = Hammasi { $number } arizasiga biriktiriladi.
upload-offer-link = Sahifa: { $link }
button-upload = ⬆️ Yuklash sahifasini ochish
upload-moving = Yuklanmoqda: { $percent } % · { $received } / { $total }
upload-moving-open = Yuklanmoqda: hozircha { $received }
upload-cancelled = Bekor qilindi
upload-expired = Yuklash oʻz vaqtida tugamadi. Iltimos, yana bir bor yuboring.
upload-lost = Kelgan qismi yoʻqoldi. Iltimos, yana bir bor yuboring.
