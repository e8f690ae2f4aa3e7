//! The page to look at: callbacks as they come, rooms, members and queues.
//!
//! `chatroom serve` shows it beside its callbacks. `chatroom console` shows the table of
//! a deployment, to read only.
//!
//! * `routes`, `guard`: who may ask for what.
//! * `view`, `content`, `page`: an address, what it shows, and how that looks.
//! * `state`: what all requests share.
//! * `feed`, `record`, `outcome`: the last callbacks.
//! * `changes`: the last changes of the table, where callbacks come in elsewhere.
//! * `reading`, `sizes`: the table, and the sizes of its rooms.
//! * `depths`: the queues.
//! * `sending`: the form, and "send again".
//! * `hub`: tells open pages what has changed.
//! * `clock`: times in words.

mod changes;
mod clock;
mod content;
mod depths;
mod feed;
mod guard;
mod hub;
mod outcome;
mod page;
mod reading;
mod record;
mod routes;
mod sending;
mod sizes;
mod state;
mod view;

use std::{net::Ipv4Addr, sync::Arc};

use chatroom_status_sync::{
    domain::ids::{AppKey, RoomId},
    functions::reader::{self, apps::Apps},
    local::{
        Stack,
        im_server::APP_KEY,
        server::listen,
        sqs::{DEAD_LETTERS, DEFERRED, SWEEPS},
    },
    table::read::Reader,
};
use clap::Args;

use crate::{
    access::{Access, Account, Names, Place, is_local},
    print,
    result::Result,
    stop::StopSignals,
};
use changes::ChangeFeed;
use depths::{NamedQueue, QueueWatch};
use feed::Feed;
use reading::Reading;
use sending::Resender;
use sizes::{Sizes, Tempo};
use state::{Console, Traffic};

/// The page of a local deployment.
pub struct LocalConsole(Arc<Console>);

impl LocalConsole {
    /// Shows the page at the address of callbacks, beside the routes of the reader.
    pub async fn mount(stack: &Stack) -> Result<Self> {
        let app = AppKey::new(APP_KEY)?;
        let reader = stack.table.reader();
        let readings = reader::alone(reader.clone(), Apps::new([app.clone()]));
        let urls = [("deferred", DEFERRED), ("sweeps", SWEEPS), ("dead letters", DEAD_LETTERS)];
        let urls = urls.map(|(name, queue)| (name, Some(stack.sqs.url_of(queue))));
        let place = Place::Endpoint(stack.dynamodb.url().to_owned());
        let resender = Resender::new(stack.api_gateway.url())?;
        let console = Arc::new(Console {
            reading: Reading { reader, app, place },
            hub: hub::Hub::default(),
            sizes: Sizes::new(Tempo::LOCAL),
            traffic: Some(Traffic { feed: Feed::default(), resender }),
            changes: None,
            queues: queues(urls, &Account::default()).await?,
        });
        let observer = console.clone();
        stack.api_gateway.observe(move |observed| observer.observe(&observed));
        let routes = routes::routes(&console).merge(readings);
        stack.api_gateway.mount(routes::guarded(routes, stack.api_gateway.address()));
        Ok(Self(console))
    }

    /// Keeps the page's numbers up to date, for as long as it is polled.
    pub async fn run(&self, stack: &Stack) {
        keep_up_to_date(&self.0, Some(&|| stack.sqs.bodies(DEAD_LETTERS))).await;
    }
}

const EXAMPLES: &str = "Examples:
  chatroom console --table T --app-key K --region eu-central-1
  chatroom console --endpoint-url http://127.0.0.1:8000 --port 9000

The page of `chatroom serve` shows callbacks, too, and sends some.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    #[command(flatten)]
    access: Access,
    /// The port of the page, on this machine only
    #[arg(long, default_value_t = 8081)]
    port: u16,
    /// The deferred queue, to see how deep it is
    #[arg(long, env = "DEFERRED_QUEUE_URL", value_name = "QUEUE_URL")]
    deferred: Option<String>,
    /// The sweep queue
    #[arg(long, env = "SWEEP_QUEUE_URL", value_name = "QUEUE_URL")]
    sweeps: Option<String>,
    /// The dead-letter queue
    #[arg(long, env = "DEAD_LETTER_QUEUE_URL", value_name = "QUEUE_URL")]
    dead_letters: Option<String>,
}

impl Options {
    pub async fn run(self) -> Result {
        let mut signals = StopSignals::take()?;
        let (config, Names { table, app }) = self.access.connect().await?;
        let endpoint = self.access.endpoint();
        let dynamodb = aws_sdk_dynamodb::Client::new(&config);
        let streams = self.access.streams(&config);
        let reader = Reader::new(dynamodb.clone(), table);
        // Better no page than one that only says why it is empty.
        let nowhere = RoomId::new("-")?;
        reader.room(&app, &nowhere).await.map_err(|why| self.access.explain(why.into()))?;
        let urls = [
            ("deferred", self.deferred),
            ("sweeps", self.sweeps),
            ("dead letters", self.dead_letters),
        ];
        let tempo =
            if endpoint.as_deref().is_some_and(is_local) { Tempo::LOCAL } else { Tempo::AWS };
        let region = config.region().map(ToString::to_string);
        let place = endpoint.map_or(Place::Region(region.unwrap_or_default()), Place::Endpoint);
        let console = Arc::new(Console {
            reading: Reading { reader, app, place },
            hub: hub::Hub::default(),
            sizes: Sizes::new(tempo),
            traffic: None,
            changes: Some(ChangeFeed::new(dynamodb.clone(), streams)),
            queues: queues(urls, &self.access.account).await?,
        });
        let (listener, here) = listen((Ipv4Addr::LOCALHOST, self.port).into()).await?;
        print::line(format_args!("page  http://{here}/   Ctrl-C ends."))?;
        let routes = routes::guarded(routes::routes(&console), here);
        tokio::select! {
            () = signals.next() => Ok(()),
            served = async { axum::serve(listener, routes).await } => Ok(served?),
            () = keep_up_to_date(&console, None) => Ok(()),
        }
    }
}

async fn keep_up_to_date(console: &Console, dead_letters: Option<&dyn Fn() -> Vec<String>>) {
    let counting = console.sizes.keep_counting(&console.reading, &console.hub);
    let looking = async {
        if let Some(queues) = &console.queues {
            queues.keep_looking(&console.hub, dead_letters).await;
        }
    };
    let following = async {
        if let Some(changes) = &console.changes {
            changes.keep_following(&console.reading, &console.hub, &console.sizes).await;
        }
    };
    tokio::join!(counting, looking, following);
}

/// Takes the queues whose URLs are known.
async fn queues(
    urls: [(&'static str, Option<String>); 3],
    account: &Account,
) -> Result<Option<QueueWatch>> {
    let mut queues = Vec::new();
    for (name, url) in urls {
        if let Some(url) = url {
            let client = account.sqs(&url, None).await?;
            queues.push(NamedQueue { name, url, client });
        }
    }
    Ok((!queues.is_empty()).then(|| QueueWatch::new(queues)))
}
