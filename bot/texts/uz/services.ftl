error-peer = Kompaniyaning boshqa xizmati hozir javob bermayapti. Iltimos, keyinroq urinib koʻring.
error-peer-refused = Kompaniyaning boshqa xizmati buni qabul qilmadi. Iltimos, administratorga xabar bering.
