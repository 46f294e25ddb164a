// Reads wishes as JSON from standard input: a provider of the AWS SDK for JavaScript v3 each, with its options and the
// variables that it finds. For each, prints a line: whose credentials the provider found, and how many buckets they see.
"use strict";

const { S3Client, ListBucketsCommand } = require("@aws-sdk/client-s3");
const { STSClient, GetCallerIdentityCommand } = require("@aws-sdk/client-sts");
const providers = require("@aws-sdk/credential-providers");

async function found(wish) {
    const options = { ...wish.options };
    if (wish.code) {
        options.mfaCodeProvider = async () => wish.code;
    }
    if (wish.master) {
        options.masterCredentials = providers[wish.master]();
    }
    const credentials = await providers[wish.provider](options)();
    const identity = await new STSClient({ credentials }).send(new GetCallerIdentityCommand({}));
    const s3 = new S3Client({ credentials, forcePathStyle: true });
    const listed = await s3.send(new ListBucketsCommand({}));
    return { arn: identity.Arn, buckets: (listed.Buckets ?? []).map((bucket) => bucket.Name) };
}

async function main() {
    const chunks = await process.stdin.toArray();
    for (const wish of JSON.parse(Buffer.concat(chunks).toString())) {
        const before = { ...process.env };
        Object.assign(process.env, wish.environ);
        const answer = await found(wish).catch((error) => ({ error: `${error.name}: ${error.message}` }));
        console.log(JSON.stringify(answer));
        for (const name of Object.keys(wish.environ ?? {})) {
            delete process.env[name];
        }
        Object.assign(process.env, before);
    }
}

main();
