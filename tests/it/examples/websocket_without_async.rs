//! `websocket_without_async`: every message comes back.

use super::success;

#[test]
#[ignore = "starts an example"]
fn websocket_without_async_gets_every_message_back() {
    assert_eq!(success("websocket_without_async"), "0 bytes echoed\n5 bytes echoed\n10000000 bytes echoed\n");
}
