//! The service, asked over real sockets, and stopped while it has something to do.

#[cfg(unix)]
mod signals;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pysched::{Handle, Scheduler, Task, TaskError, Unfinished};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::conversation::{path, read, request};
use super::{AnyError, scheduler, serve};

/// Longer than anything takes that does not hang.
const LONG: Duration = Duration::from_secs(60);

/// A service that runs beside a test.
struct Service {
    address: SocketAddr,
    sched: Scheduler,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), AnyError>>,
}

impl Service {
    async fn start() -> Self {
        Self::with_patience(LONG).await
    }

    async fn with_patience(patience: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let sched = scheduler().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async { stopped.await.unwrap() };
        let served = tokio::spawn(serve(listener, sched.clone(), stopped, patience));
        Self { address, sched, stop, served }
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        timeout(LONG, request(self.address, method, path, &body)).await.unwrap().unwrap()
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.ask("GET", path, Value::Null).await
    }

    /// Adds a task, and gives the path of it.
    async fn add(&self, task: Value) -> String {
        let (status, added) = self.ask("POST", "/tasks", task).await;
        assert_eq!(status, 201, "{added}");
        path(&added)
    }

    /// A run of a task that has ended like that, once there is one.
    async fn run(&self, path: &str, status: &str) -> Value {
        eventually(async || match self.get(path).await {
            (200, Value::Array(runs)) => runs.into_iter().find(|run| run["status"] == status),
            other => panic!("{path} gave {other:?}"),
        })
        .await
    }

    /// Stops it, and waits until it has ended.
    async fn end(self) -> Result<(), AnyError> {
        self.stop.send(()).unwrap();
        timeout(LONG, self.served).await.unwrap().unwrap()
    }
}

/// Looks until there is something, which must not take long.
async fn eventually<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < LONG, "nothing after {LONG:?}");
        sleep(Duration::from_millis(1)).await;
    }
}

/// A task that begins, and then waits to be let go.
struct Held {
    handle: Handle<()>,
    go: Arc<Notify>,
}

impl Held {
    async fn add(sched: &Scheduler, name: &str) -> Self {
        let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let theirs = (Arc::clone(&begun), Arc::clone(&go));
        let task = Task::future(move || {
            let (begun, go) = theirs.clone();
            async move {
                begun.notify_one();
                go.notified().await;
            }
        });
        let handle = sched.add(task.name(name)).unwrap();
        timeout(LONG, begun.notified()).await.unwrap();
        Self { handle, go }
    }
}

/// A request of which the server has read all but the body.
async fn begin_post(address: SocketAddr, length: usize) -> TcpStream {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /tasks HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\nexpect: 100-continue\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    let expected = b"HTTP/1.1 100 Continue\r\n\r\n"; // its handler has asked for the body
    let mut told = vec![0; expected.len()];
    timeout(LONG, connection.read_exact(&mut told)).await.unwrap().unwrap();
    assert_eq!(told, expected);
    connection
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_added_listed_and_cancelled() {
    let service = Service::start().await;
    assert_eq!(service.get("/tasks").await, (200, json!([])));

    let task = json!({ "name": "hourly", "every": 3600, "do": { "say": "cuckoo" } });
    let (status, added) = service.ask("POST", "/tasks", task).await;
    assert_eq!(status, 201);
    let next_run = added["next_run"].as_str().unwrap();
    next_run.parse::<jiff::Timestamp>().unwrap();

    let (status, listed) = service.get("/tasks").await;
    assert_eq!(status, 200);
    let id = &added["id"];
    let expected =
        json!([{ "id": id, "name": "hourly", "next_run": next_run, "running": 0, "last": null }]);
    assert_eq!(listed, expected);
    assert_eq!(service.get(&path(&added)).await, (200, json!([])));

    assert_eq!(service.ask("DELETE", &path(&added), Value::Null).await, (204, Value::Null));
    assert_eq!(service.get("/tasks").await, (200, json!([])));
    let (status, error) = service.ask("DELETE", &path(&added), Value::Null).await;
    assert_eq!(status, 404);
    assert!(error["error"].as_str().unwrap().contains(id.as_str().unwrap()), "{error}");

    // It is remembered what became of the run that was to come.
    service.run(&path(&added), "cancelled").await;
    service.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_runs_and_its_result_is_seen() {
    let service = Service::start().await;
    let itself = json!({ "connect": service.address });
    let once = service.add(json!({ "name": "once", "after": 0, "do": itself })).await;
    let nowhere = json!({ "connect": "nowhere" });
    let fails = service.add(json!({ "name": "fails", "every": 0.01, "do": nowhere })).await;

    let run = service.run(&once, "succeeded").await;
    assert_eq!(run["why"], Value::Null, "{run}");
    assert!(run["started"].is_string() && run["finished"].is_string(), "{run}");
    eventually(async || service.sched.named("once").ids().is_empty().then_some(())).await;
    assert_eq!(service.get(&once).await.0, 200, "a finished task is remembered");

    let run = service.run(&fails, "failed").await;
    assert!(run["why"].as_str().unwrap().contains("invalid socket address"), "{run}");
    let (_, listed) = service.get("/tasks").await;
    let [listed] = &listed.as_array().unwrap()[..] else { panic!("{listed}") };
    assert_eq!(listed["name"], "fails");
    assert!(listed["last"]["status"].is_string(), "{listed}");
    service.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_refused_and_told_what_was_expected() {
    let service = Service::start().await;
    let say = json!({ "say": "hello" });
    let unknown = format!("/tasks/{}", "0".repeat(32));
    let null = Value::Null;
    let task = |mut when: Value| {
        when["name"] = json!("bad");
        when["do"] = say.clone();
        when
    };
    let cases = [
        ("GET", "/tasks/7", null.clone(), 400, "32 hexadecimal digits"),
        ("DELETE", "/tasks/seven", null.clone(), 400, "32 hexadecimal digits"),
        ("GET", "/tasks/%ff", null.clone(), 400, "Invalid UTF-8"),
        ("GET", &unknown, null.clone(), 404, "GET /tasks lists"),
        ("DELETE", &unknown, null.clone(), 404, "GET /tasks lists"),
        ("GET", "/", null.clone(), 404, "expected /tasks"),
        ("PUT", "/tasks", null.clone(), 405, "expected GET or POST of /tasks"),
        ("POST", "/tasks", null, 400, "EOF while parsing"),
        ("POST", "/tasks", json!({}), 422, "missing field `name`"),
        ("POST", "/tasks", json!({ "name": "bad" }), 422, "missing field `do`"),
        ("POST", "/tasks", task(json!({ "evry": 3 })), 422, "expected one of `name`, `every`"),
        ("POST", "/tasks", task(json!({ "every": "soon" })), 422, "expected f64"),
        ("POST", "/tasks", task(json!({})), 422, "one of `every` and `after`"),
        ("POST", "/tasks", task(json!({ "every": 1, "after": 1 })), 422, "one of `every` and"),
        ("POST", "/tasks", task(json!({ "every": -3 })), 422, "negative"),
        ("POST", "/tasks", task(json!({ "every": 0 })), 422, "invalid interval"),
        ("POST", "/tasks", task(json!({ "after": 1e300 })), 422, "292 years"),
        (
            "POST",
            "/tasks",
            json!({ "name": "bad", "after": 0, "do": { "dance": 1 } }),
            422,
            "expected one of `say`, `connect`, `wait`",
        ),
        (
            "POST",
            "/tasks",
            json!({ "name": "bad", "after": 0, "do": { "wait": -1 } }),
            422,
            "negative",
        ),
    ];
    for (method, path, body, expected, text) in cases {
        let (status, answer) = service.ask(method, path, body.clone()).await;
        assert_eq!(status, expected, "{method} {path} {body}: {answer}");
        let error = answer["error"].as_str().unwrap();
        assert!(error.contains(text), "{method} {path} {body}: {error}");
    }
    assert!(service.sched.tasks().is_empty());
    service.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_taken_until_its_task_is_cancelled() {
    let service = Service::start().await;
    let task = json!({ "name": "hourly", "every": 3600, "do": { "say": "cuckoo" } });
    let first = service.add(task.clone()).await;
    let (status, error) = service.ask("POST", "/tasks", task.clone()).await;
    assert_eq!(status, 409);
    assert!(error["error"].as_str().unwrap().contains("a live task has this name"), "{error}");

    service.ask("DELETE", &first, Value::Null).await;
    assert_ne!(service.add(task).await, first);
    service.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_about_to_end_says_so() {
    let service = Service::start().await;
    service.sched.shutdown_async().await;
    let task = json!({ "name": "late", "after": 0, "do": { "say": "hello" } });
    let (status, error) = service.ask("POST", "/tasks", task).await;
    assert_eq!((status, error), (503, json!({ "error": "the service is about to end" })));
    service.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_is_answered_and_finished() {
    let service = Service::start().await;
    let address = service.address;
    let held = Held::add(&service.sched, "backup").await;
    let run = held.handle.future();
    let hourly = service.add(json!({ "name": "hourly", "every": 3600, "do": { "wait": 1 } })).await;
    let _idle = TcpStream::connect(address).await.unwrap(); // keeps nobody waiting
    let body = json!({ "name": "last", "after": 0, "do": { "say": "hello" } }).to_string();
    let mut connection = begin_post(address, body.len()).await;

    let Service { sched, stop, served, .. } = service;
    stop.send(()).unwrap();
    eventually(async || TcpStream::connect(address).await.err()).await;

    // The scheduler works as long as there are requests.
    assert!(!sched.stopped());
    connection.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(LONG, connection.read_to_string(&mut answer)).await.unwrap().unwrap();
    let (status, last) = read(&answer).unwrap();
    assert_eq!(status, 201, "{last}");

    // Then it takes no more tasks, and waits for those that run.
    eventually(async || sched.stopped().then_some(())).await;
    assert!(run.running() && !served.is_finished());
    held.go.notify_one();
    timeout(LONG, served).await.unwrap().unwrap().unwrap();
    assert!(run.done());
    run.await.unwrap();

    let fate = |path: &str| {
        let id: pysched::TaskId = path.trim_start_matches("/tasks/").parse().unwrap();
        sched.results(id).pop().unwrap().status
    };
    assert_eq!(fate(&path(&last)), pysched::Status::Succeeded, "it was due");
    assert_eq!(fate(&hourly), pysched::Status::Cancelled, "it was not");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_too_long_is_left_and_told_of() {
    let service = Service::with_patience(Duration::from_millis(50)).await;
    let held = Held::add(&service.sched, "backup").await;
    let _stalled = begin_post(service.address, 100).await; // the body never comes

    let begun = Instant::now();
    let error = service.end().await.unwrap_err();
    assert!(begun.elapsed() >= Duration::from_millis(100), "as long for both");
    let unfinished = error.downcast::<Unfinished>().unwrap();
    let [left] = &unfinished.executions[..] else { panic!("{unfinished}") };
    assert_eq!(left.name.as_deref(), Some("backup"));
    assert!(matches!(held.handle.future().await, Err(TaskError::Cancelled)));
}
