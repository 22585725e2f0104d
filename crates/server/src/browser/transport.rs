//! Carries CDP messages: over a pair of pipes to a Chromium that we started, over a WebSocket to any other.

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::BrowserError;

/// Both directions of a connection. The far end is gone once `incoming` ends; dropping `outgoing` hangs up.
#[derive(Debug)]
pub(super) struct Transport {
    pub(super) outgoing: UnboundedSender<String>,
    pub(super) incoming: UnboundedReceiver<String>,
}

/// Speaks the pipe framing of `--remote-debugging-pipe`: each message ends with a NUL.
pub(super) fn over_pipes<R, W>(mut from_chromium: R, mut to_chromium: W) -> Transport
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let (outgoing, mut outbox) = mpsc::unbounded_channel::<String>();
    let (inbox, incoming) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(message) = outbox.recv().await {
            let mut bytes = message.into_bytes();
            bytes.push(0);
            if to_chromium.write_all(&bytes).await.is_err() {
                break;
            }
        }
    });
    tokio::spawn(async move {
        let mut buffer = Vec::with_capacity(64 * 1024);
        loop {
            // What is left in the buffer was searched before, so only new bytes are looked at for a NUL.
            let searched = buffer.len();
            match from_chromium.read_buf(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
            if !buffer.iter().skip(searched).any(|byte| *byte == 0) {
                continue;
            }
            let mut rest = buffer.split(|byte| *byte == 0).peekable();
            let mut tail = Vec::new();
            while let Some(message) = rest.next() {
                if rest.peek().is_none() {
                    tail = message.to_vec();
                } else if inbox.send(String::from_utf8_lossy(message).into_owned()).is_err() {
                    return;
                }
            }
            buffer = tail;
        }
    });
    Transport { outgoing, incoming }
}

/// Connects to a `ws://` debugging address.
pub(super) async fn over_websocket(address: &str) -> Result<Transport, BrowserError> {
    // Screenshots come as one message; the default limits are meant for servers that face strangers.
    let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
    let (socket, _) = tokio_tungstenite::connect_async_with_config(address, Some(config), true)
        .await
        .map_err(|error| BrowserError::Missing(format!("no CDP connection to {address}: {error}")))?;
    let (mut write, mut read) = socket.split();
    let (outgoing, mut outbox) = mpsc::unbounded_channel::<String>();
    let (inbox, incoming) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(message) = outbox.recv().await {
            if write.send(Message::text(message)).await.is_err() {
                return;
            }
        }
        // A failed goodbye changes nothing: the socket is dropped next.
        let _ = write.close().await;
    });
    tokio::spawn(async move {
        while let Some(Ok(message)) = read.next().await {
            if let Message::Text(text) = message
                && inbox.send(text.as_str().to_owned()).is_err()
            {
                break;
            }
        }
    });
    Ok(Transport { outgoing, incoming })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pipe_messages_are_put_together_across_reads() {
        let (mut far, near) = tokio::io::duplex(8);
        let (_unused, write) = tokio::io::duplex(8);
        let mut transport = over_pipes(near, write);
        tokio::spawn(
            async move { far.write_all(b"{\"a\":1}\0{\"long\":\"xxxxxxxxxxxxxxxx\"}\0\0rest").await },
        );
        assert_eq!(transport.incoming.recv().await.as_deref(), Some("{\"a\":1}"));
        assert_eq!(transport.incoming.recv().await.as_deref(), Some("{\"long\":\"xxxxxxxxxxxxxxxx\"}"));
        assert_eq!(transport.incoming.recv().await.as_deref(), Some(""));
        assert_eq!(transport.incoming.recv().await, None, "an unfinished message is no message");
    }
}
