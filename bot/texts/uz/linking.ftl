# Linking a chat with a person of the company

linking-ask = Bu havola suhbatni <b>{ $who }</b> hisobiga bogʻlaydi. Shunda barcha fayllaringiz bir joyda boʻladi: bu yerdagilar ham, kompaniyaning boshqa dasturlaridagilar ham. Uni oʻzingiz soʻraganmidingiz?
button-linking-yes = Ha, bogʻlash
button-linking-no = Yoʻq, bu men emasman
linking-done = Tayyor: suhbat <b>{ $who }</b> hisobiga bogʻlandi. Uzish uchun: /unlink
linking-left = Xoʻp, hech narsa oʻzgarmadi.
linking-over = Bu havolaning muddati tugagan yoki undan foydalanilgan. Iltimos, oʻsha joydan yangisini oling.
unlink-done = Suhbat endi hisobga bogʻlanmagan. Bu yerga yuborganlaringiz shu yerda qoladi.
unlink-none = Bu suhbat hech kimga bogʻlanmagan.
command-unlink = suhbatni kompaniya hisobidan uzish
