//! What the service says to itself where it is given no address: real requests, over real sockets.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use pysched::Scheduler;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::{AnyError, PATIENCE, serve};

/// Serves until all has been said, or until it is interrupted.
pub(crate) async fn hold(
    listener: TcpListener,
    sched: Scheduler,
    interrupted: impl Future<Output = ()> + Send + 'static,
) -> Result<(), AnyError> {
    let address = listener.local_addr()?;
    let (outcome, said) = oneshot::channel();
    let stop = async move {
        tokio::select! {
            said = say(address) => {
                let _ = outcome.send(said);
            }
            () = interrupted => {}
        }
    };
    serve(listener, sched, stop, PATIENCE).await?;
    said.await.unwrap_or(Ok(())) // it is not finished if it was interrupted
}

async fn say(service: SocketAddr) -> Result<(), AnyError> {
    let hello = json!({ "name": "greeting", "every": 0.3, "do": { "say": "hello" } });
    let (_, greeting) = tell(service, "POST", "/tasks", &hello).await?;
    let connect = json!({ "name": "probe", "every": 0.4, "do": { "connect": service } });
    let (_, probe) = tell(service, "POST", "/tasks", &connect).await?;

    println!("\nWhat is refused:");
    tell(service, "POST", "/tasks", &hello).await?;
    let never = json!({ "name": "never", "every": -3, "do": { "say": "hello" } });
    tell(service, "POST", "/tasks", &never).await?;
    let dance = json!({ "name": "party", "every": 3, "do": { "dance": "a waltz" } });
    tell(service, "POST", "/tasks", &dance).await?;
    tell(service, "GET", "/tasks/greeting", &Value::Null).await?;

    println!("\nA second later:");
    sleep(Duration::from_secs(1)).await;
    tell(service, "GET", "/tasks", &Value::Null).await?;
    tell(service, "GET", &path(&probe), &Value::Null).await?;

    println!("\nCancelled, and cancelled twice:");
    tell(service, "DELETE", &path(&greeting), &Value::Null).await?;
    tell(service, "DELETE", &path(&greeting), &Value::Null).await?;

    println!("\nThe end, while a task is running:");
    let wait = json!({ "name": "backup", "after": 0, "do": { "wait": 0.5 } });
    tell(service, "POST", "/tasks", &wait).await?;
    Ok(())
}

/// The path of a task, from what was answered when it was added.
pub(crate) fn path(added: &Value) -> String {
    format!("/tasks/{}", added["id"].as_str().unwrap_or_default())
}

/// A request, and its answer, printed.
async fn tell(
    service: SocketAddr,
    method: &str,
    path: &str,
    body: &Value,
) -> io::Result<(u16, Value)> {
    let sent = if body.is_null() { String::new() } else { format!(" {body}") };
    println!("{method} {path}{sent}");
    let (status, answer) = request(service, method, path, body).await?;
    match &answer {
        Value::Null => println!("  {status}"),
        Value::Array(items) => {
            println!("  {status}");
            for item in items {
                println!("    {item}");
            }
        }
        answer => println!("  {status} {answer}"),
    }
    Ok((status, answer))
}

/// A request on a connection of its own, as curl would make it: the status and the body of its answer. A
/// body that is `null` is none.
pub(crate) async fn request(
    service: SocketAddr,
    method: &str,
    path: &str,
    body: &Value,
) -> io::Result<(u16, Value)> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {service}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut connection = TcpStream::connect(service).await?;
    connection.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await?;
    read(&answer).ok_or_else(|| io::Error::other(format!("no answer of the service: {answer:?}")))
}

/// The status and the body of an answer that is all there.
pub(crate) fn read(answer: &str) -> Option<(u16, Value)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = if body.is_empty() { Value::Null } else { serde_json::from_str(body).ok()? };
    Some((status, body))
}
