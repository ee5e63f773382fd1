//! No wake-up is lost: state machines over `NonBlocking` under random schedules.
//!
//! The executor here polls tasks in an order that follows from a seed. If tasks are left and none
//! was woken, a wake-up was lost. Only the waker of a task's last poll counts.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use async_tungstenite::tungstenite::client::IntoClientRequest as _;
use async_tungstenite::tungstenite::handshake::server::NoCallback;
use async_tungstenite::tungstenite::handshake::{HandshakeRole, MidHandshake};
use async_tungstenite::tungstenite::{
    self, ClientHandshake, Error, HandshakeError, Message, ServerHandshake, WebSocket,
};
use io_shim::rt::{NonBlocking, poll_nonblocking};
use io_shim::{AsyncReadBuf, AsyncWrite, BorrowedCursor};

use crate::mock::Wakes;
use crate::stress::Rng;

fn schedules() -> u64 {
    // The memory checkers set it.
    std::env::var("PROPTEST_CASES").map_or(10_000, |cases| 10 * cases.parse::<u64>().unwrap())
}

type Task = Pin<Box<dyn Future<Output = ()>>>;
/// Decides whether a call of an operation yields: wakes the task and returns `Pending`.
type Yields = Box<dyn FnMut(Operation) -> bool>;

#[derive(Clone, Copy)]
enum Operation {
    Read,
    Write,
    Flush,
    Shutdown,
}

/// Polls the tasks until all have ended, and returns the number of polls.
fn run(seed: u64, mut tasks: Vec<Task>) -> usize {
    let mut rng = Rng::new(seed, 0);
    // One in so many polls is of any task, woken or not.
    let spurious = [usize::MAX, 3, 20][rng.below(3)];
    let mut woken: Vec<Arc<Wakes>> = tasks.iter().map(|_| Arc::default()).collect();
    woken.iter().for_each(|woken| woken.0.store(1, Ordering::SeqCst));
    let mut polls = 0;
    while !tasks.is_empty() {
        let ready: Vec<usize> = (0..tasks.len()).filter(|&i| woken[i].get() > 0).collect();
        assert!(!ready.is_empty(), "seed {seed}: stuck, {} tasks wait and none was woken", tasks.len());
        let i = if rng.one_in(spurious) { rng.below(tasks.len()) } else { ready[rng.below(ready.len())] };
        woken[i] = Arc::default();
        let waker = Waker::from(Arc::clone(&woken[i]));
        if tasks[i].as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            drop(tasks.swap_remove(i));
            woken.swap_remove(i);
        }
        polls += 1;
    }
    polls
}

/// One direction of a transport. Like most types, it keeps the waker of the last reader and of the
/// last writer only.
struct Pipe {
    data: VecDeque<u8>,
    capacity: usize,
    closed: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

struct End {
    incoming: Rc<RefCell<Pipe>>,
    outgoing: Rc<RefCell<Pipe>>,
    yields: Yields,
}

/// Returns the two ends of a transport of this capacity.
fn transport(capacity: usize, mut yields: impl FnMut() -> Yields) -> [NonBlocking<End>; 2] {
    let pipes = [(); 2].map(|()| {
        let pipe = Pipe { data: VecDeque::new(), capacity, closed: false, reader: None, writer: None };
        Rc::new(RefCell::new(pipe))
    });
    [0, 1].map(|i| {
        let [incoming, outgoing] = [i, 1 - i].map(|i| Rc::clone(&pipes[i]));
        NonBlocking::new(End { incoming, outgoing, yields: yields() })
    })
}

/// Returns a transport that follows from the seed.
fn random_transport(rng: &mut Rng, least: usize) -> [NonBlocking<End>; 2] {
    let one_in = [2, 10, usize::MAX][rng.below(3)];
    transport(least + rng.size(1000), || {
        let mut rng = rng.fork();
        Box::new(move |_| rng.one_in(one_in))
    })
}

impl End {
    fn poll_yield(&mut self, cx: &mut Context<'_>, operation: Operation) -> Poll<()> {
        if !(self.yields)(operation) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

fn wake(waker: &mut Option<Waker>) {
    waker.take().into_iter().for_each(Waker::wake);
}

impl AsyncReadBuf for End {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        std::task::ready!(self.poll_yield(cx, Operation::Read));
        let mut pipe = self.incoming.borrow_mut();
        if pipe.data.is_empty() && !pipe.closed {
            pipe.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let data = pipe.data.as_slices().0;
        let n = data.len().min(cursor.capacity());
        cursor.append(&data[..n]);
        pipe.data.drain(..n);
        wake(&mut pipe.writer);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for End {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        std::task::ready!(self.poll_yield(cx, Operation::Write));
        let mut pipe = self.outgoing.borrow_mut();
        let n = data.len().min(pipe.capacity - pipe.data.len());
        if n == 0 && !data.is_empty() {
            pipe.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        pipe.data.extend(&data[..n]);
        wake(&mut pipe.reader);
        Poll::Ready(Ok(n))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_yield(cx, Operation::Flush).map(Ok)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.poll_yield(cx, Operation::Shutdown));
        let mut pipe = self.outgoing.borrow_mut();
        pipe.closed = true;
        wake(&mut pipe.reader);
        Poll::Ready(Ok(()))
    }
}

/// A dropped end closes its direction.
impl Drop for End {
    fn drop(&mut self) {
        let mut pipe = self.outgoing.borrow_mut();
        pipe.closed = true;
        wake(&mut pipe.reader);
    }
}

/// Calls tungstenite until it does not return `WouldBlock`.
async fn call<R>(mut operate: impl FnMut() -> tungstenite::Result<R>) -> tungstenite::Result<R> {
    let mut io_error = || match operate() {
        Err(Error::Io(error)) => Err(error),
        result => Ok(result),
    };
    poll_fn(|cx| poll_nonblocking(cx, &mut io_error)).await?
}

async fn handshake<R: HandshakeRole>(start: MidHandshake<R>) -> R::FinalResult {
    let mut state = Some(start);
    let go_on = || match state.take().unwrap().handshake() {
        Ok(done) => Ok(done),
        Err(HandshakeError::Failure(error)) => Err(error),
        Err(HandshakeError::Interrupted(interrupted)) => {
            state = Some(interrupted);
            Err(Error::Io(io::ErrorKind::WouldBlock.into()))
        }
    };
    call(go_on).await.unwrap()
}

async fn send(socket: &mut WebSocket<NonBlocking<End>>, message: Message) {
    let mut message = Some(message);
    let sending = call(|| message.take().map_or(Ok(()), |message| socket.write(message)).and_then(|()| socket.flush()));
    sending.await.unwrap();
}

/// Returns a client that sends messages of these lengths, and a server that returns them after a
/// ping.
fn websockets([one, two]: [NonBlocking<End>; 2], lengths: Vec<usize>) -> Vec<Task> {
    let client = async move {
        let start = ClientHandshake::start(one, "ws://localhost/".into_client_request().unwrap(), None).unwrap();
        let (mut socket, _) = handshake(start).await;
        for len in lengths {
            send(&mut socket, Message::binary(vec![7u8; len])).await;
            let answer = loop {
                match call(|| socket.read()).await.unwrap() {
                    Message::Ping(_) => {}
                    answer => break answer,
                }
            };
            assert!(answer.into_data() == vec![7u8; len], "the echo differs");
        }
        call(|| socket.close(None)).await.unwrap();
        while !call(|| socket.read()).await.unwrap().is_close() {}
    };
    let server = async move {
        let mut socket = handshake(ServerHandshake::start(two, NoCallback, None)).await;
        loop {
            match call(|| socket.read()).await {
                Ok(message @ Message::Binary(_)) => {
                    send(&mut socket, Message::Ping(Vec::new().into())).await;
                    send(&mut socket, message).await;
                }
                Ok(_) => {}
                Err(Error::ConnectionClosed) => return,
                Err(error) => panic!("{error}"),
            }
        }
    };
    vec![Box::pin(client), Box::pin(server)]
}

/// Returns four tasks: at each end, one that writes `len` bytes and one that reads.
fn halves(ends: [NonBlocking<End>; 2], len: usize, rng: &mut Rng) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::new();
    for end in ends {
        let end = Rc::new(RefCell::new(end));
        let (writer, mut sizes) = (Rc::clone(&end), rng.fork());
        tasks.push(Box::pin(async move {
            let data: Vec<u8> = (0..len).map(|i| i as u8).collect();
            let mut rest = &data[..];
            while !rest.is_empty() {
                let chunk = &rest[..rest.len().min(1 + sizes.below(100))];
                let n = poll_fn(|cx| poll_nonblocking(cx, || writer.borrow_mut().write(chunk))).await.unwrap();
                rest = &rest[n..];
            }
            poll_fn(|cx| poll_nonblocking(cx, || writer.borrow_mut().flush())).await.unwrap();
            poll_fn(|cx| poll_nonblocking(cx, || writer.borrow_mut().shutdown())).await.unwrap();
        }));
        let mut sizes = rng.fork();
        tasks.push(Box::pin(async move {
            let mut received = 0;
            loop {
                let mut chunk = vec![0; 1 + sizes.below(100)];
                let n = poll_fn(|cx| poll_nonblocking(cx, || end.borrow_mut().read(&mut chunk))).await.unwrap();
                if n == 0 {
                    break;
                }
                chunk[..n].iter().for_each(|&byte| {
                    assert_eq!(byte, received as u8);
                    received += 1;
                });
            }
            assert_eq!(received, len);
        }));
    }
    tasks
}

#[test]
fn a_websocket_gets_every_wake_up_under_random_schedules() {
    for seed in 0..schedules() {
        let mut rng = Rng::new(seed, 1);
        // tungstenite takes a handshake in many small pieces for an attack.
        let transport = random_transport(&mut rng, 16);
        let lengths = (0..rng.below(3)).map(|_| rng.size(3000)).collect();
        run(seed, websockets(transport, lengths));
    }
}

#[test]
fn a_reading_task_and_a_writing_one_get_every_wake_up_under_random_schedules() {
    for seed in 0..schedules() {
        let mut rng = Rng::new(seed, 1);
        let transport = random_transport(&mut rng, 1);
        let len = rng.size(3000);
        run(seed, halves(transport, len, &mut rng));
    }
}

#[test]
fn a_handshake_survives_a_transport_whose_every_other_call_is_pending() {
    let yields = || {
        let mut pending = [false; 4];
        Box::new(move |operation: Operation| {
            let pending = &mut pending[operation as usize];
            *pending = !*pending;
            *pending
        }) as Yields
    };
    let polls = run(0, websockets(transport(64, yields), vec![1000]));
    assert!(polls > 100, "{polls}");
}

/// Shows that the executor finds lost wake-ups: two tasks that read take one another's.
#[test]
#[should_panic(expected = "stuck")]
fn two_tasks_that_read_from_one_end_lose_wake_ups() {
    for seed in 0..schedules() {
        let [mut one, two] = transport(1, || Box::new(|_| false));
        let two = Rc::new(RefCell::new(two));
        let read = |io: Rc<RefCell<NonBlocking<End>>>| async move {
            poll_fn(|cx| poll_nonblocking(cx, || io.borrow_mut().read(&mut [0]))).await.unwrap();
        };
        let write = async move {
            for _ in 0..2 {
                poll_fn(|cx| poll_nonblocking(cx, || one.write(&[0]))).await.unwrap();
            }
        };
        let tasks: Vec<Task> = vec![Box::pin(read(Rc::clone(&two))), Box::pin(read(two)), Box::pin(write)];
        run(seed, tasks);
    }
}
