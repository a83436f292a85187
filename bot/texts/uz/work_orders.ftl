# Kompaniyaning arizalar xizmatidagi arizalar.

error-unknown-request = { $number } raqamli ariza yoʻq. Iltimos, raqamni tekshiring
error-request-closed = { $number } raqamli ariza yopilgan, unga yangi fayl qoʻshilmaydi
error-request-service = arizalar xizmati hozir javob bermayapti. Hech narsa oʻzgarmadi; bir daqiqadan soʻng qayta urinib koʻring yoki raqamni tanlang
