"""Full text over media: Russian, Uzbek in both alphabets, and English, parts of names, and request numbers."""
