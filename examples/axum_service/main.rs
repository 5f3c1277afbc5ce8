//! A service: tasks are added, listed and cancelled over HTTP, and run on the runtime of the service. On
//! Ctrl-C it stops taking requests, answers those that it has, lets what runs finish, and ends.
//!
//! `cargo run --example axum_service -- 127.0.0.1:3000` serves there until Ctrl-C:
//!
//! ```text
//! curl localhost:3000/tasks --json '{"name": "probe", "every": 5, "do": {"connect": "localhost:3000"}}'
//! curl localhost:3000/tasks
//! curl localhost:3000/tasks/ID
//! curl -X DELETE localhost:3000/tasks/ID
//! ```
//!
//! It asks nobody who they are: whoever can reach it can have it do these things.
//!
//! Without an address, `cargo run --example axum_service` has it talk to itself for about two seconds, prints
//! that, and ends as on Ctrl-C. The service is this file; what it says to itself is in `conversation.rs`.

mod conversation;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::io;
use std::time::{Duration, SystemTime};

use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use pysched::{
    Execution, Interval, Scheduler, Status, Task, TaskId, TaskInfo, TokioExecutor, Trigger,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

/// How long requests may take to be answered, and tasks to finish, once the service is to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a run may take; then it is dropped where it waits.
const LIMIT: Duration = Duration::from_secs(60);

type AnyError = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    run(std::env::args().nth(1)).await
}

/// Serves at `address` until Ctrl-C, or for as long as it talks to itself.
async fn run(address: Option<String>) -> Result<(), AnyError> {
    let interrupted = interrupted()?; // from here on, Ctrl-C does not end the process any more
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:0")).await?;
    let sched = scheduler()?;
    println!("listening on {}", listener.local_addr()?);
    match address {
        Some(_) => serve(listener, sched, interrupted, PATIENCE).await?,
        None => conversation::hold(listener, sched, interrupted).await?,
    }
    println!("ended");
    Ok(())
}

/// A scheduler on the runtime of the service.
fn scheduler() -> Result<Scheduler, pysched::Error> {
    let executor = TokioExecutor::current().concurrency(1_000);
    let sched = Scheduler::builder().executor(executor).build();
    sched.start()?;
    Ok(sched)
}

/// Ready on Ctrl-C, or when the process is told to terminate.
#[cfg(unix)]
fn interrupted() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ready on Ctrl-C.
#[cfg(not(unix))]
fn interrupted() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            println!("no Ctrl-C: {error}");
            std::future::pending::<()>().await;
        }
    })
}

/// Serves until `stop` is ready. Then it takes no more connections, answers the requests that it has, and
/// shuts the scheduler down: what is due or running finishes, what is not due is cancelled. Each of both
/// may take as long as `patience`.
///
/// The error says what had not ended by then, if that is what went wrong.
async fn serve(
    listener: TcpListener,
    sched: Scheduler,
    stop: impl Future<Output = ()> + Send + 'static,
    patience: Duration,
) -> Result<(), AnyError> {
    let (stopping, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, app(sched.clone())).with_graceful_shutdown(async move {
        stop.await;
        println!("stopping");
        drop(stopping);
    });
    let out_of_patience = async {
        let _ = stopped.await;
        sleep(patience).await;
    };
    tokio::select! {
        ended = server.into_future() => ended?,
        () = out_of_patience => println!("some requests are not answered after {patience:?}"),
    }

    if timeout(patience, sched.shutdown_async()).await.is_err() {
        sched.shutdown_timeout(Duration::ZERO)?; // does not wait any more, and says what was left
    }
    Ok(())
}

/// The service itself, without a socket.
fn app(sched: Scheduler) -> Router {
    Router::new()
        .route("/tasks", get(list).post(add))
        .route("/tasks/{id}", get(show).delete(cancel))
        .fallback(async || Problem::new(StatusCode::NOT_FOUND, "expected /tasks or /tasks/{id}"))
        .method_not_allowed_fallback(async || {
            let expected = "expected GET or POST of /tasks, or GET or DELETE of /tasks/{id}";
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, expected)
        })
        .with_state(sched)
}

/// A task, as it is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTask {
    name: String,

    /// The seconds from one run to the next.
    every: Option<f64>,

    /// The seconds until the only run.
    after: Option<f64>,

    #[serde(rename = "do")]
    work: Work,
}

/// What a task does.
#[derive(Deserialize, Clone)]
#[serde(rename_all = "snake_case")]
enum Work {
    /// Prints a text.
    Say(String),

    /// Looks whether someone listens at an address.
    Connect(String),

    /// Takes its time, in seconds.
    Wait(f64),
}

impl Work {
    async fn run(self) -> io::Result<()> {
        match self {
            Self::Say(text) => println!("  [task] {text}"),
            Self::Connect(address) => {
                TcpStream::connect(&address).await?;
                println!("  [task] {address} is up");
            }
            Self::Wait(seconds) => {
                sleep(Duration::try_from(Interval::from(seconds)).map_err(io::Error::other)?).await;
                println!("  [task] {seconds} seconds have passed");
            }
        }
        Ok(())
    }
}

/// `POST /tasks`
async fn add(
    State(sched): State<Scheduler>,
    body: Result<Json<NewTask>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let Json(NewTask { name, every, after, work }) = body?;
    let trigger = match (every, after) {
        (Some(seconds), None) => Trigger::recur(seconds),
        (None, Some(seconds)) => Trigger::once(seconds),
        _ => {
            let expected = "expected one of `every` and `after`, a number of seconds";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, expected));
        }
    };
    if let Work::Wait(seconds) = work {
        Duration::try_from(Interval::from(seconds))?;
    }

    let task = Task::fallible_future(move || work.clone().run());
    let handle = sched.add(task.name(name).trigger(trigger).timeout(LIMIT))?;
    // What a task returns is asked for at its handle. Where that is of interest, keep it.
    let added = json!({ "id": handle.id(), "next_run": handle.next_run().map(shown) });
    Ok((StatusCode::CREATED, Json(added)))
}

/// `GET /tasks`
async fn list(State(sched): State<Scheduler>) -> Json<Vec<TaskView>> {
    Json(sched.tasks().into_iter().map(|info| TaskView::of(&sched, info)).collect())
}

/// `GET /tasks/{id}`: the runs that have ended, also of a task that is finished, for as long as its scheduler
/// remembers it.
async fn show(State(sched): State<Scheduler>, Id(id): Id) -> Result<Json<Vec<RunView>>, Problem> {
    let is_live = sched.task(id).is_some();
    let runs = sched.results(id);
    if runs.is_empty() && !is_live {
        return Err(pysched::Error::UnknownTask(id).into());
    }
    Ok(Json(runs.into_iter().map(RunView::from).collect()))
}

/// `DELETE /tasks/{id}`: what is running finishes.
async fn cancel(State(sched): State<Scheduler>, Id(id): Id) -> Result<StatusCode, Problem> {
    sched.cancel(id)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The id of a task, from a path.
struct Id(TaskId);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state).await?;
        Ok(Self(text.parse()?))
    }
}

/// A live task, as it is told of.
#[derive(Serialize)]
struct TaskView {
    id: TaskId,
    name: Option<String>,
    next_run: Option<String>,

    /// How many executions are due and have not ended.
    running: usize,

    /// What became of the latest run that has ended.
    last: Option<RunView>,
}

impl TaskView {
    fn of(sched: &Scheduler, info: TaskInfo) -> Self {
        Self {
            id: info.id,
            name: info.name,
            next_run: info.next_run.map(shown),
            running: info.in_flight.len(),
            last: sched.results(info.id).pop().map(RunView::from),
        }
    }
}

/// A run, as it is told of.
#[derive(Serialize)]
struct RunView {
    status: Status,
    due: String,
    started: Option<String>,
    finished: Option<String>,

    /// What went wrong, or why there was no run.
    why: Option<String>,
}

impl From<Execution> for RunView {
    fn from(run: Execution) -> Self {
        Self {
            status: run.status,
            due: shown(run.due),
            started: run.started.map(shown),
            finished: run.finished.map(shown),
            why: run.error.or_else(|| run.reason.map(|reason| reason.to_string())),
        }
    }
}

/// As in `2026-03-27T12:00:00.000Z`.
fn shown(time: SystemTime) -> String {
    Timestamp::try_from(time).map_or_else(|error| error.to_string(), |time| format!("{time:.3}"))
}

/// Why a request was not fulfilled: a status, and a text that says what was expected.
struct Problem {
    status: StatusCode,
    error: String,
}

impl Problem {
    fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self { status, error: error.into() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.error }))).into_response()
    }
}

impl From<pysched::Error> for Problem {
    fn from(error: pysched::Error) -> Self {
        use pysched::Error;

        match error {
            Error::UnknownTask(id) => Self::new(
                StatusCode::NOT_FOUND,
                format!("no live task has the id {id}; GET /tasks lists those that are live"),
            ),
            Error::NameTaken(_) => Self::new(
                StatusCode::CONFLICT,
                "a live task has this name: give another one, or DELETE that task first",
            ),
            Error::Shutdown => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "the service is about to end")
            }
            Error::InvalidTaskId(text) => Self::new(
                StatusCode::BAD_REQUEST,
                format!(
                    "{text:?} is not an id: expected 32 hexadecimal digits, as GET /tasks has them"
                ),
            ),
            Error::InvalidInterval(_) | Error::InvalidTrigger(_) | Error::NeverRuns(_) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
            }
            _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        }
    }
}

/// What is no JSON, or not that of a task.
impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}
