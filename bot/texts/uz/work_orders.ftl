# Kompaniyaning arizalar xizmatidagi arizalar.

error-unknown-request = { $value } raqamli ariza yoʻq. Iltimos, raqamni tekshiring
error-request-closed = { $value } raqamli ariza yopilgan, unga yangi fayl qoʻshilmaydi
error-request-service = arizalar xizmati hozir javob bermayapti. Hech narsa oʻzgarmadi; bir daqiqadan soʻng qayta urinib koʻring yoki raqamni tanlang
