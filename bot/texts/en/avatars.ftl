# One's picture at the company

avatar-set = This is your picture at the company now. Not quite right? Send another photo and answer it with /avatar
avatar-usage = Send me a photo and answer it with /avatar. I did not find a picture in your Telegram profile.
avatar-no-picture = I cannot make a picture of you from this. Please answer a photo with /avatar
avatar-unknown = I do not know yet who you are at the company. Please connect this chat in the company's program.
command-avatar = set your picture at the company

contact-unknown = I do not find this number at the company. Please ask your manager for access.
contact-later = I cannot look up your number right now. Please try again in a few minutes.
not-admitted-number = Hello! This bot is for people of our company. Please share your phone number with the button below, or ask your manager for access.
