# One's picture at the company

avatar-set = Endi bu sizning kompaniyadagi suratingiz. Yaxshi kesilmadimi? Boshqa surat yuboring va unga /avatar deb javob bering
avatar-usage = Menga surat yuboring va unga /avatar deb javob bering. Telegram profilingizda surat topilmadi.
avatar-no-picture = Bundan profil surati chiqmaydi. Iltimos, suratga /avatar deb javob bering
avatar-unknown = Kompaniyada kim ekaningizni hali bilmayman. Iltimos, bu suhbatni kompaniya dasturida bogʻlang.
command-avatar = kompaniyadagi suratingizni oʻrnatish

contact-unknown = Bu raqam kompaniyada topilmadi. Iltimos, rahbaringizdan ruxsat soʻrang.
contact-later = Hozir raqamingizni tekshirib boʻlmayapti. Iltimos, bir necha daqiqadan keyin urinib koʻring.
not-admitted-number = Salom! Bu bot kompaniyamiz odamlari uchun. Iltimos, quyidagi tugma bilan telefon raqamingizni ulashing yoki rahbaringizdan ruxsat soʻrang.
