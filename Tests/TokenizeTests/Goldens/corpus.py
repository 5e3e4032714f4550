"""Texts to tokenize: plain ones in many scripts, and what breaks tokenizers. Deterministic."""

import random

WORDS = {
    "latin": "the a cat sat on mat photo of dog playing guitar music loud night rain thunder people crowd don't I'll "
    "we've it's you're he'd I'm they'LL naïve café résumé Zürich straße Ångström İstanbul ılık smörgåsbord œuvre",
    "greek": "ΟΔΥΣΣΕΥΣ λόγος μουσική σοφός ΐ ΰ",
    "cyrillic": "Москва музыка гроза йод ёлка Ђорђе",
    "hebrew": "שָׁלוֹם עולם מוזיקה",
    "arabic": "السَّلَامُ عليكم موسيقى ٱلرَّحِيمِ ﷺ ﻻ",
    "indic": "नमस्ते संगीत क्षत्रिय বাংলা தமிழ் ക്ഷ සිංහල",
    "thai": "สวัสดี ดนตรี น้ำ",
    "cjk": "猫がピアノを弾く 音楽 你好世界 漢字 ガ か゛ ｶﾞ 𠮷野家 㐀 豈 한국어 가각",
    "emoji": "😀 👍🏽 👩‍👩‍👧‍👦 🏳️‍🌈 🇨🇭🇯🇵 ❤️ ☎︎ 1️⃣ 🧑🏿‍🚀",
}

SENTENCES = [
    "A photo of a cat, playing the guitar in the rain.",
    "the quick brown fox jumps over the lazy dog; 1234567890 times (or 3.14159)!",
    "Don't stop: I'll say we've 'seen' it's THEY'RE he'd I'M 'S 'ſ '",
    "Price: $1,299.99 — 50% off… “quoted” ‘single’ «guillemets» №5 ½ ² ₂ Ⅷ ①",
    "http://example.org/a_b?c=d&e=%20#f user@example.com C++ C# snake_case camelCase x=y*z^2",
    "猫がピアノを弾いている。The 猫 plays.",
    "שלום world مرحبا 123 ١٢٣ १२३",
]

HARD = [
    "", " ", "  ", "\n", "\r\n", "\t", "\0", "a", " a", "a ", "  a  ", "\u00a0", "\u3000a\u2003b\u2028c\u2029d\u0085e",
    "a\rb\nc\r\nd\n\re\n\n\nf", "tab\tand\x0bvertical\x0cform", "NUL\0inside\0\0twice",
    "\x01\x02\x1b[31mred\x7f\x80\x9f",
    "e\u0301 \u00e9 E\u0301 \u00c9 a\u0323\u0307 a\u0307\u0323 \u1e9b\u0323 \u212b \u2126 \ufb01n \ufb03",
    "\u0301begins with a mark", "a" + "\u0301" * 40, "a" + "\u0301\u0323" * 20, "\u0344\u0958\ufb1d\u2adc",
    "\u1112\u1161\u11ab \ud55c \u1100\u1161\u11a8", "\u200b\u200c\u200d\u2060\ufeff", "\u202eright to left\u202c",
    "soft\u00adhyphen zero\u200bwidth word\u2060joiner", "\ufffd\ufffe\uffff",
    "\U000e0001\U000e0061\U000f0000\U0010ffff",
    "\ue000private\uf8ff", "\u0378\u0530unassigned", "ß ẞ ŉ ǰ ΐ ﬀ ﬃ ǅ ᾳ ᾼ", "İI ıi Σίσυφος ΣΑΣ ς",
    "😀", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇨🇭🇯🇵🇺", "❤️ ❤", "1️⃣", "🧑🏿‍🚀🧑🏿‍🚀", "😀😀😀😀", "a😀b👍🏽c",
    "<s>", "</s>", "<unk>", "<pad>", "<mask>", "a <mask> b", "a<mask>b", "a  <mask>  b", "[CLS] [SEP] [MASK] [UNK]",
    "<|startoftext|>", "<|endoftext|>", "x<|endoftext|>y <|ENDOFTEXT|>", "<|startoftext|><|endoftext|>", "<s", "<<s>>",
    "▁", "▁▁a", "a▁b", "</w>", "cat</w>", "##ing", "Ġ", "ĠĠa", "<0x0A>", "<0xFF>", "\u2581cat \u2581",
    "new word newword", "extra EXTRA Extra extras", "''''", "'", "'s", "''s", "' s", "-", "--", "---", "- -", ".",
    "...",
    "a.b,c;d:e!f?g", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "_a_ __b__", "0", "00", "0000000", "1a2b3c", "a1", "1a",
    "12345678901234567890", "٣٤٥", "一二三", "Ⅳ½²", "x" * 101, "x" * 100, "ab" * 300, "ö" * 120, "猫" * 80,
    "pneumonoultramicroscopicsilicovolcanoconiosis" * 3, "a " * 60, " " * 40 + "a", "a" + " " * 40, "\n" * 7 + "b",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "ha" * 33, "!" * 50, "?!" * 25, "\\n \\t \\u0041", "{\"json\": [1, 2]}",
    "\u0e33 \u0eb3 \u0dcf", "\u1d2c\u1d43\u02b0", "\u2460\u24b6\u32d0\uff21\uff11\uff5e", "\u3131\uffa1\u3300\u337f",
    "a\u0300\u0315\u0302b", "\u0f71\u0f72\u0f74", "\u09c7\u09be", "\U0001d15e\U0001d160", "\U0001f1e6", "\u2329\u232a",
]

PROBES = [
    "I'm  a_1 \t'Tis\r\n\n THEY'RE 12345½ x,y;!?--z ", "  É e\u0301 ﬁ ẞİ 猫ゟ👍🏽 \u00a0\u3000א aaab \u0301",
    "\0\x7f\u00ad\u200d\ufffd\ue000#a▁b▁▁ c",
]

POOLS = [
    "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", " " * 6, " \t\n\r\u00a0\u3000",
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "áéíóúñçüößøåæœÿİıſ", "\u0301\u0300\u0308\u0323\u0327\u200d\ufe0f",
    "αβγδεζηθικλμνξοπρσςτυφχψωΣΆ", "абвгдежзийклмнопрстуфхцчшщъыьэюяЁ", "שלוםאבגד", "السلامعليكم",
    "नमस्तेक्ष", "สวัสดีน้ำ", "猫犬音楽世界漢字你好", "ぁあぃいがぎぱカガピアノー", "한국어가각힣", "ﬁﬂ①②½²Ⅷ㍿ﷺＡ１",
    "😀👍❤🏽🏿👩👧👦🇨🇭🇯🇵", "\0\x01\x1f\x7f\x85\u200b\ufeff\ufffd", "'stredmvl", "▁ĠĊ", "…—–“”‘’«»№",
]


def shuffled(count, seed=1):
    """Texts of scalars drawn from a few pools each, and of words of several scripts."""
    draw = random.Random(seed)
    words = [word for line in WORDS.values() for word in line.split()]
    for number in range(count):
        if number % 3 == 0:
            yield draw.choice([" ", "  ", "\n", ", "]).join(draw.choices(words, k=draw.randint(1, 12)))
        else:
            pools = draw.sample(POOLS, draw.randint(1, 5))
            yield "".join(draw.choice(draw.choice(pools)) for _ in range(draw.randint(1, 60)))


def plain():
    return list(WORDS.values()) + SENTENCES + HARD


def training():
    """Enough text for vocabularies of a few hundred tokens."""
    draw = random.Random(7)
    words = [word for line in WORDS.values() for word in line.split()]
    return [" ".join(draw.choices(words, k=12)) for _ in range(400)] + SENTENCES * 20
