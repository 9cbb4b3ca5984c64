//! A document around what a page holds.
//!
//! In: a title, a body. Out: HTML with its style. Cold path.

const STYLE: &str = include_str!("page.css");

/// A whole document; `data` are attributes of its body.
pub(super) fn document(title: &str, data: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=en id=top><head><meta charset=utf-8><meta name=viewport \
         content=\"width=device-width,initial-scale=1\"><meta name=color-scheme content=\"light \
         dark\"><meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src \
         'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\"><link rel=icon \
         href=\"data:,\"><title>{title} · papermaker</title><style>{STYLE}</style></head><body{data}>\
         {body}</body></html>"
    )
}
