/** Control characters, those that format without being seen (bidi among them), and separators of lines. */
export const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
