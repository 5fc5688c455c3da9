from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("functions", "0001_initial")]
    operations = [
        migrations.AddField("asyncevent", "region", models.CharField(max_length=32, default="us-east-1"), False)
    ]
