status-copies-whole = Nusxalar: barcha fayllarda bor
status-copies-missing = { $count ->
    [one] Nusxalar: yana { $count } ta qoldi
   *[other] Nusxalar: yana { $count } ta qoldi
}
status-copies-none = Nusxalar: yoʻq, zaxira kanali biriktirilmagan (/channels)
status-damaged = { $count ->
    [one] Shikastlangan: { $count } ta qism, imkon boʻlishi bilan tiklanadi
   *[other] Shikastlangan: { $count } ta qism, imkon boʻlishi bilan tiklanadi
}
