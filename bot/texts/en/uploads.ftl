# Uploads by a link, and their card

upload-offer =
    { $files ->
        [one] With the button below you can send me { $files } file of up to { $size }, until { $until }.
       *[other] With the button below you can send me up to { $files } files of up to { $size } each, until { $until }.
    }
    The page survives a bad connection and goes on where it stopped. I will show here how far it is.
upload-offer-number = Everything goes to request { $number }.
upload-offer-link = The page: { $link }
button-upload = ⬆️ Open the upload page
upload-moving = Uploading: { $percent } % · { $received } of { $total }
upload-moving-open = Uploading: { $received } so far
upload-cancelled = Cancelled
upload-expired = It was not finished in time. Please send it once more.
upload-lost = What came of it was lost. Please send it once more.
