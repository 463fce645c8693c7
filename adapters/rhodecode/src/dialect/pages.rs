//! The error pages for people that RhodeCode's web server answers some requests with.

use isogloss_canonical::http::Response;

/// The content type of a page in HTML.
pub(crate) const HTML: &str = "text/html; charset=UTF-8";

/// An error page.
pub(crate) fn error_page(status: u16, content_type: &'static str) -> Response {
    let title = match status {
        400 => "Bad Request",
        404 => "Not Found",
        413 => "Request Entity Too Large",
        _ => "Internal Server Error",
    };
    let body = if content_type.starts_with("text/plain") {
        format!("{status} {title}\n\nThe resource could not be found.\n\n")
    } else {
        format!(
            "<!DOCTYPE html>\n<html>\n<head><title>Error - {title}</title></head>\n\
             <body><h1>{status} {title}</h1></body>\n</html>\n"
        )
    };
    Response::new(status, body).with("Content-Type", content_type)
}
