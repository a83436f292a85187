# Requests as the company's Request Service knows them.

error-unknown-request = there is no request { $value }. Please check the number
error-request-closed = the request { $value } is closed and takes no more files
error-request-service = the Request Service does not answer right now. Nothing was changed; please try again in a minute, or choose a number
