//! `http_over_websocket`: both ends are in the example.

use super::success;

#[test]
#[ignore = "starts an example"]
fn http_over_websocket_answers_and_shows_what_is_not_http() {
    let expected = "a text message: welcome\n200 OK: this is /first\n200 OK: this is /second\n\
        both ends have closed the WebSocket\n";
    assert_eq!(success("http_over_websocket"), expected);
}
