# Arxivning oʻzi: administratorlar nimadan xabar topadi

alert-damaged = { $count ->
    [one] ⛔️ <b>Arxivda { $count } ta fayl shikastlangan</b>: kanaldagi xabar qoʻlda oʻchirilgan yoki oʻzgartirilgan. Maʼlumoti biror joyda saqlangan boʻlsa, joyiga qaytaraman. Nima qolganini koʻrsatadi: mediagate verify --repair
   *[other] ⛔️ <b>Arxivda { $count } ta fayl shikastlangan</b>: kanaldagi xabarlar qoʻlda oʻchirilgan yoki oʻzgartirilgan. Maʼlumoti biror joyda saqlangan boʻlsa, joyiga qaytaraman. Nima qolganini koʻrsatadi: mediagate verify --repair
}
alert-damaged-over = ✅ <b>Arxivdagi barcha fayllar yana butun</b> ({ $since } – { $until }).
alert-mirror_missing = ⚠️ <b>Koʻzgu joyida emas</b> ({ $node }): katalogida belgi fayli yoʻq, u boshqa koʻzguniki yoki fayllar boshqa MEDIAGATE_MIRROR_KEY bilan yozilgan. Toʻgʻri disk ulanganmi? Batafsil: mediagate doctor
alert-mirror_missing-over = ✅ <b>Koʻzgu yana ishlayapti</b> ({ $since } – { $until }). Yetishmayotganlarini yozyapman.
alert-mirror_full = ⚠️ <b>Koʻzguda joy qolmadi</b> ({ $node }). Diskidan joy boʻshating, qolganini oʻzim yozib qoʻyaman. Fayllar avvalgidek qabul qilinadi.
alert-mirror_full-over = ✅ <b>Koʻzgu yana ishlayapti</b> ({ $since } – { $until }). Yetishmayotganlarini yozyapman.
alert-mirror_failed = ⚠️ <b>Koʻzguga yozib boʻlmayapti</b> ({ $node }): diski faqat oʻqish uchun ochiq, javob bermayapti yoki xato bermoqda. Fayllar avvalgidek qabul qilinadi. Batafsil: mediagate doctor
alert-mirror_failed-over = ✅ <b>Koʻzgu yana ishlayapti</b> ({ $since } – { $until }). Yetishmayotganlarini yozyapman.
