"""People as the company's User Service knows them: their Telegram accounts, names and pictures."""
