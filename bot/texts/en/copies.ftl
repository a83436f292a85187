status-copies-whole = Copies: every file has its copy
status-copies-missing = { $count ->
    [one] Copies: { $count } still to be made
   *[other] Copies: { $count } still to be made
}
status-copies-none = Copies: none, no backup channel is bound (/channels)
status-damaged = { $count ->
    [one] Damaged: { $count } part, it is put back as soon as that can be done
   *[other] Damaged: { $count } parts, they are put back as soon as that can be done
}
