# Too much at once

too-much = That is a lot at once. I need a minute, then I am listening again. Files you send are kept all the same.
error-quota-bytes = that was as much as you can send in a day; please send it again tomorrow
error-quota-files = those were as many files as you can send in a day; please send it again tomorrow
