# Bir yoʻla juda koʻp

too-much = Bir yoʻla juda koʻp boʻldi. Menga bir daqiqa kerak, keyin yana eshitaman. Siz yuborgan fayllar baribir saqlanadi.
error-quota-bytes = bugungi hajm tugadi; iltimos, uni ertaga yana yuboring
error-quota-files = bugungi fayllar soni tugadi; iltimos, uni ertaga yana yuboring
